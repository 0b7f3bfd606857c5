-- Payment codes, as they are presented and used.

-- name: hold_pay_codes
-- Held until the batch is stored, in one order.
SELECT
    code_hash,
    coalesce(member_id, 0) AS member,
    coalesce(store_id, 0) AS store,
    coalesce(amount_minor, 0)::bigint AS amount_minor,
    expires_at,
    coalesce(used_by, '') AS used_by,
    is_over
FROM pay_code
WHERE code_hash = any(%s::bytea []) AND expires_at IS NOT NULL
ORDER BY code_hash
FOR UPDATE;

-- name: use_pay_codes
-- They have paid.
-- notes: pay_code
UPDATE pay_code AS t SET used_by = convert_from(r.slot, 'UTF8')
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS number,
        unnest(%s::bytea []) AS code_hash,
        unnest(%s::bytea []) AS slot
) AS r
WHERE t.code_hash = r.code_hash;

-- name: who_pays
-- Whose code it is, while it is good; or who scanned a store.
SELECT c.member_id FROM pay_code AS c
WHERE
    c.code_hash = %(code)s
    AND c.member_id IS NOT NULL
    AND c.used_by IS NULL
    AND NOT c.is_over
    AND c.expires_at > %(now)s;

-- name: cards_of_payer
-- Cards in use of a member with what may be spent of each, those first that end first.
SELECT
    c.shard,
    c.pan_hash,
    c.id,
    c.issuer_id,
    c.part_id,
    c.pan_masked,
    coalesce(p.posted_minor - p.held_minor, 0)::bigint AS free_minor
FROM (
    SELECT
        card.*,
        coalesce(
            card.valid_to,
            (
                to_date('20' || card.expiry || '01', 'YYYYMMDD')
                + interval '1 month' - interval '1 day'
            )::date
        ) AS last_day
    FROM card
    WHERE card.member_id = %(member)s AND card.status = 'active'
    ORDER BY card.id
    LIMIT %(limit)s
) AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
LEFT JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id AND i.currency = p.unit
WHERE c.last_day >= %(today)s AND (c.valid_from IS NULL OR c.valid_from <= %(today)s)
ORDER BY c.last_day ASC, c.id ASC;

-- name: points_of_payer
-- What may be spent of each card's points in a unit, and those lots that are spent first. What has
-- expired pays what other lots owe before it is lost.
WITH k AS (
    SELECT
        unnest(%(shards)s::smallint []) AS shard,
        unnest(%(cards)s::bigint []) AS card_id,
        unnest(%(units)s::text []) AS unit
)

SELECT
    k.card_id,
    least(
        kept.points,
        kept.points - CASE WHEN gone.points > 0 THEN gone.points - owed.points ELSE 0 END
    )::bigint AS points,
    first.expires_on,
    first.remaining
FROM k
INNER JOIN purse AS p ON k.shard = p.shard AND k.card_id = p.card_id AND k.unit = p.unit
INNER JOIN LATERAL (
    SELECT p.posted_minor - p.held_minor - coalesce(sum(lot.remaining), 0) AS points
    FROM lot
    WHERE
        lot.shard = p.shard
        AND lot.account_id = p.account_id
        AND lot.available_from IS NOT NULL
        AND lot.available_from > %(today)s
        AND lot.remaining > 0
) AS kept ON true
INNER JOIN LATERAL (
    SELECT coalesce(sum(lot.remaining), 0) AS points
    FROM lot
    WHERE
        lot.shard = p.shard
        AND lot.account_id = p.account_id
        AND lot.remaining <> 0
        AND lot.remaining > 0
        AND lot.expires_on < %(today)s
) AS gone ON true
INNER JOIN LATERAL (
    SELECT coalesce(sum(-lot.remaining), 0) AS points
    FROM lot
    WHERE lot.shard = p.shard AND lot.account_id = p.account_id AND lot.remaining < 0
) AS owed ON true
LEFT JOIN LATERAL (
    SELECT
        lot.expires_on,
        lot.remaining
    FROM lot
    WHERE
        lot.shard = p.shard
        AND lot.account_id = p.account_id
        AND lot.remaining <> 0
        AND lot.remaining > 0
        AND lot.expires_on >= %(today)s
        AND (lot.available_from IS NULL OR lot.available_from <= %(today)s)
    ORDER BY lot.expires_on
    LIMIT %(limit)s
) AS first ON true
ORDER BY k.card_id ASC, first.expires_on ASC;

-- name: gather
-- What a card has is to be on another of its member's, to be paid from there; once at a time. Of
-- points, so many.
-- notes: move
INSERT INTO move AS t (
    shard,
    card_id,
    issuer_id,
    name,
    to_shard,
    to_card,
    origin,
    made_by,
    asked_at,
    points,
    unit
)
VALUES (
    %(shard)s,
    %(card)s,
    %(issuer)s,
    %(name)s,
    %(to_shard)s,
    %(to_card)s,
    'member',
    %(by)s,
    %(now)s,
    %(points)s,
    %(unit)s
)
ON CONFLICT ON CONSTRAINT move_once DO UPDATE
    SET
        to_shard = excluded.to_shard,
        to_card = excluded.to_card,
        made_by = excluded.made_by,
        asked_at = excluded.asked_at,
        points = excluded.points,
        unit = excluded.unit,
        state = 'open',
        wanted = t.wanted + 1,
        ended_at = NULL,
        refused = ''
    WHERE t.state <> 'open'
RETURNING
    t.step,
    t.wanted;
