-- Members, as people change them.

-- name: member_here
-- Whose phone it is at a merchant.
SELECT id FROM member WHERE phone_hash = %s AND merchant_id = %s;

-- name: add_here
-- At a merchant: who is new here, as their holder; who has one already, as a record of the
-- merchant's own, with a number as anybody's.
-- notes: member
INSERT INTO member AS t (
    phone_hash, phone_sealed, phone_masked, name, merchant_id, made_by, made_at, record_at
)
SELECT
    %(hash)s,
    %(sealed)s,
    %(masked)s,
    %(name)s,
    %(merchant)s,
    %(who)s,
    %(at)s,
    CASE
        WHEN EXISTS (SELECT FROM member AS h WHERE h.phone_hash = %(hash)s)
            THEN 'merchant/' || %(merchant)s::integer
        ELSE ''
    END
ON CONFLICT ON CONSTRAINT member_by_phone DO NOTHING
RETURNING t.id;

-- name: edit_member
-- What they are called.
-- notes: member
UPDATE member AS t SET name = %(name)s
WHERE t.id = %(id)s;

-- name: set_member
-- Frozen, about to leave, or in use again.
-- notes: member
UPDATE member AS t
SET
    state = %(state)s,
    closing_at = %(closing_at)s
WHERE t.id = %(id)s;

-- name: value_of
-- What the cards of a member hold, of each unit, and what they have given and is not claimed yet:
-- nothing where they are empty.
SELECT
    h.unit,
    sum(h.minor)::bigint
FROM (
    SELECT
        p.unit,
        p.posted_minor AS minor
    FROM card AS c
    INNER JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id
    WHERE
        c.member_id = %(id)s
        AND c.status NOT IN ('voided', 'replaced')
        AND (p.posted_minor <> 0 OR p.held_minor <> 0)
    UNION ALL
    SELECT
        j.unit,
        j.amount_minor
    FROM gift AS g
    INNER JOIN journal AS j ON g.shard = j.shard AND g.journal_id = j.id
    WHERE g.sender_id = %(id)s AND g.state = 'reserved'
) AS h
GROUP BY h.unit
ORDER BY h.unit;
