-- How cards end: replaced by another, or voided, one by one or with their batch.

-- name: standing
-- A card with all that says whether it may be replaced, or may be another's replacement; held until
-- the end of the transaction.
SELECT
    c.shard,
    c.pan_hash,
    c.id,
    c.issuer_id,
    c.status,
    coalesce(c.sale, '') AS sale,
    c.pin_value IS NOT NULL AS has_pin,
    b.product_id,
    b.state AS batch_state,
    p.state AS part_state,
    c.expiry,
    c.valid_from,
    c.valid_to,
    coalesce(v.valid_days IS NOT NULL, false) AS is_counted,
    c.member_id,
    (
        SELECT coalesce(sum(purse.held_minor), 0)::bigint FROM purse
        WHERE purse.shard = c.shard AND purse.card_id = c.id
    ) AS held_minor,
    (
        SELECT coalesce(sum(purse.posted_minor), 0)::bigint FROM purse
        WHERE
            purse.shard = c.shard AND purse.card_id = c.id AND position(':' IN purse.unit) = 0
    ) AS money_minor,
    coalesce(v.replacement_fee_minor_max, 0)::bigint AS fee_minor_max,
    (SELECT d.business_date FROM business_day AS d WHERE d.state = 'open') AS today
FROM card AS c
LEFT JOIN card_batch_part AS p ON c.part_id = p.id
LEFT JOIN card_batch AS b ON p.batch_id = b.id
LEFT JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version
WHERE c.id = %s
FOR UPDATE OF c;

-- name: replaced
-- Another has its place. What it was activated by is good for nothing any more.
-- notes: card
UPDATE card AS t SET status = 'replaced', code_hash = NULL, code_sealed = NULL
WHERE t.shard = %s AND t.pan_hash = %s;

-- name: take_place
-- It is in use, its holder's, and as long as the one before was. Nobody binds it who is not that.
-- notes: card
UPDATE card AS t SET
    status = 'active',
    sale = 'sold',
    valid_from = %(valid_from)s,
    valid_to = %(valid_to)s,
    member_id = %(member)s,
    code_hash = CASE WHEN %(member)s::bigint IS NULL THEN t.code_hash END,
    code_sealed = CASE WHEN %(member)s::bigint IS NULL THEN t.code_sealed END
WHERE t.shard = %(shard)s AND t.pan_hash = %(pan_hash)s;

-- name: move_to
-- What the old card has is to be on the new one, less a fee.
-- notes: move
INSERT INTO move AS t (
    shard, card_id, issuer_id, name, to_shard, to_card, fee_minor, origin, made_by, asked_at
)
VALUES (%s, %s, %s, 'replacement', %s, %s, %s, 'office', %s, %s);

-- name: write_back
-- What a voided card has is to go back to its issuer.
-- notes: move
INSERT INTO move AS t (shard, card_id, issuer_id, name, origin, made_by, asked_at)
VALUES (%s, %s, %s, 'void', 'office', %s, %s)
ON CONFLICT ON CONSTRAINT move_once DO UPDATE SET
    state = 'open',
    wanted = t.wanted + 1,
    ended_at = NULL,
    refused = '';

-- name: money_of
-- What cards have in money, in minor units, and what of it is held.
SELECT
    coalesce(
        sum(p.posted_minor) FILTER (WHERE position(':' IN p.unit) = 0), 0
    )::bigint AS posted_minor,
    coalesce(sum(p.held_minor), 0)::bigint AS held_minor
FROM card AS c
INNER JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id
WHERE c.id = any(%s::bigint []);

-- name: held_of_batch
-- How many cards of a batch have something held, along the index of purses that do.
SELECT count(DISTINCT p.card_id)
FROM purse AS p
INNER JOIN card AS c ON p.shard = c.shard AND p.card_id = c.id
INNER JOIN card_batch_part AS t ON c.part_id = t.id
WHERE p.held_minor > 0 AND t.batch_id = %s;

-- name: cards_by_status
-- How the cards of a batch stand, that are made: how many of each.
SELECT
    c.status,
    count(*)
FROM card_batch_part AS p
INNER JOIN card AS c
    ON
        c.id > (p.id::bigint << 32)
        AND c.id <= (p.id::bigint << 32) + p.cards
WHERE p.batch_id = %s
GROUP BY c.status
ORDER BY c.status;

-- name: value_of_batch
-- What its cards have, by unit: what goes back, what of replaced ones is on its way to others, and
-- what is owed by whom they are.
SELECT
    u.unit,
    c.status = 'replaced' AS is_replaced,
    u.posted_minor < 0 AS is_owed,
    count(*),
    sum(u.posted_minor)::bigint
FROM card_batch_part AS p
INNER JOIN card AS c
    ON
        c.id > (p.id::bigint << 32)
        AND c.id <= (p.id::bigint << 32) + p.cards
INNER JOIN purse AS u ON c.shard = u.shard AND c.id = u.card_id
WHERE p.batch_id = %s AND u.posted_minor <> 0
GROUP BY u.unit, is_replaced, is_owed
ORDER BY u.unit, is_replaced, is_owed;

-- name: made_of_batch
-- The parts of a batch, and how many cards each has.
SELECT id, made FROM card_batch_part
WHERE batch_id = %s AND made > 0
ORDER BY id;

-- name: write_back_all
-- Cards of a stretch of a part that have something. What a replaced one has is on its way to the
-- card in its place, and goes back from there where that has ended, too.
-- notes: move
INSERT INTO move AS t (shard, card_id, issuer_id, name, origin, made_by, asked_at)
SELECT
    c.shard,
    c.id,
    c.issuer_id,
    'void',
    'office',
    %s,
    %s::timestamptz
FROM card AS c
WHERE
    c.id BETWEEN %s AND %s
    AND EXISTS (
        SELECT 1 FROM purse AS p
        WHERE p.shard = c.shard AND p.card_id = c.id AND p.posted_minor > 0
    )
    AND c.status <> 'replaced'
ON CONFLICT ON CONSTRAINT move_once DO NOTHING;

-- name: not_written_back
-- Of a stretch of cards: what waits to leave them by that name, and what was refused.
SELECT
    count(*) FILTER (WHERE m.state = 'open') AS is_open,
    count(*) FILTER (WHERE m.state = 'refused') AS refused,
    max(m.refused) FILTER (WHERE m.state = 'refused') AS why
FROM move AS m
WHERE m.card_id BETWEEN %s AND %s AND m.name = %s;

-- name: wait_for_batches
-- Until every posting batch that is under way has ended: those to come see what was changed.
SELECT pg_advisory_lock(%s, %s);

-- name: let_batches_go
-- At once.
SELECT pg_advisory_unlock(%s, %s);
