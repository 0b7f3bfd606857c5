-- Value that is left on expired cards, and when it becomes their issuer's.

-- name: break_due
-- Cards whose product has kept what they have long enough, part by part along the index of those
-- that have expired, held until the end of the transaction.
-- notes: card
UPDATE card AS t SET breakage_on = %(today)s
FROM (
    SELECT
        o.shard,
        o.pan_hash
    FROM product_version AS v
    INNER JOIN card_batch AS b
        ON v.product_id = b.product_id AND v.version = b.product_version AND b.state <> 'voided'
    INNER JOIN card_batch_part AS p ON b.id = p.batch_id
    INNER JOIN LATERAL (
        SELECT
            c.shard,
            c.pan_hash
        FROM card AS c
        WHERE
            c.part_id = p.id
            AND c.status = 'expired'
            AND c.breakage_on IS NULL
            AND c.valid_to < %(today)s::date - v.breakage_days
        ORDER BY c.valid_to
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS o ON true
    WHERE v.breakage_days IS NOT NULL
    ORDER BY p.id
    LIMIT %(limit)s
) AS due
WHERE t.shard = due.shard AND t.pan_hash = due.pan_hash
RETURNING t.id;

-- name: parts_of_month
-- Parts of a product that have cards whose last day was in a month, and how many each has made.
SELECT
    p.id,
    p.made
FROM card_batch AS b
INNER JOIN card_batch_part AS p ON b.id = p.batch_id
WHERE
    b.product_id = %(product)s
    AND b.state <> 'voided'
    AND EXISTS (
        SELECT FROM card AS c
        WHERE
            c.part_id = p.id
            AND c.status = 'expired'
            AND c.status NOT IN ('voided', 'replaced')
            AND c.valid_to >= %(month)s
            AND c.valid_to < %(month)s::date + interval '1 month'
    )
ORDER BY p.id;

-- name: cards_of_month
-- Of a stretch of cards those whose last day was in a month, that their product has kept long
-- enough, and that have something: held until the end of the transaction.
SELECT c.id
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
WHERE
    c.id BETWEEN %(first)s AND %(last)s
    AND c.status = 'expired'
    AND c.valid_to >= %(month)s
    AND c.valid_to < %(month)s::date + interval '1 month'
    AND c.valid_to < %(today)s::date - v.breakage_days
    AND EXISTS (
        SELECT FROM purse AS u
        WHERE
            u.shard = c.shard
            AND u.card_id = c.id
            AND position(':' IN u.unit) = 0
            AND u.posted_minor > u.held_minor
    )
ORDER BY c.id
FOR UPDATE OF c;

-- name: mark
-- Of some cards it is said that what they have is their issuer's from this day on.
-- notes: card
UPDATE card AS t SET breakage_on = %(today)s
WHERE t.id = any(%(cards)s::bigint []) AND t.breakage_on IS NULL;

-- name: take_value
-- What these cards have in money is to leave them; what has come back since leaves them, too.
-- notes: move
INSERT INTO move AS t (shard, card_id, issuer_id, name, origin, made_by, asked_at)
SELECT
    c.shard,
    c.id,
    c.issuer_id,
    'breakage',
    %(origin)s,
    %(by)s,
    %(now)s::timestamptz
FROM card AS c
INNER JOIN purse AS u
    ON
        c.shard = u.shard
        AND c.id = u.card_id
        AND position(':' IN u.unit) = 0
        AND u.posted_minor > u.held_minor
WHERE c.id = any(%(cards)s::bigint [])
ORDER BY c.id
ON CONFLICT ON CONSTRAINT move_once DO UPDATE SET
    state = 'open',
    wanted = t.wanted + 1,
    ended_at = NULL,
    refused = ''
WHERE t.state = 'done';

-- name: waiting_of_month
-- What cards of a product have whose last day was in a month, how many of them there are, and how
-- many that their product has not kept long enough yet.
SELECT
    count(*) FILTER (WHERE c.valid_to < %(today)s::date - v.breakage_days) AS cards,
    coalesce(
        sum(u.posted_minor - u.held_minor)
        FILTER (WHERE c.valid_to < %(today)s::date - v.breakage_days), 0
    )::bigint AS value_minor,
    count(*) FILTER (WHERE c.valid_to >= %(today)s::date - v.breakage_days) AS early,
    (max(c.valid_to + v.breakage_days) + 1)::date AS from_day
FROM card_batch AS b
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
INNER JOIN card_batch_part AS p ON b.id = p.batch_id
INNER JOIN card AS c
    ON
        p.id = c.part_id
        AND c.status = 'expired'
        AND c.status NOT IN ('voided', 'replaced')
        AND c.valid_to >= %(month)s
        AND c.valid_to < %(month)s::date + interval '1 month'
INNER JOIN purse AS u
    ON
        c.shard = u.shard
        AND c.id = u.card_id
        AND position(':' IN u.unit) = 0
        AND u.posted_minor > u.held_minor
WHERE b.product_id = %(product)s AND b.state <> 'voided' AND v.breakage_days IS NOT NULL;

-- name: has_a_rule
-- Whether any cards of a product were made under a version that lets what they have go.
SELECT exists(
    SELECT
    FROM card_batch AS b
    INNER JOIN product_version AS v
        ON b.product_id = v.product_id AND b.product_version = v.version
    WHERE b.product_id = %(product)s AND v.breakage_days IS NOT NULL
) AS has_a_rule;
