-- Members, as people change them.

-- name: member_phoned
-- Whose phone it is.
SELECT id FROM member WHERE phone_hash = %s;

-- name: place_member
-- Where they joined.
-- notes: member
UPDATE member AS t SET merchant_id = %(merchant)s
WHERE t.id = %(id)s;

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
-- What the cards of a member hold, of each unit: nothing where they are empty.
SELECT
    p.unit,
    sum(p.posted_minor)::bigint
FROM card AS c
INNER JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id
WHERE
    c.member_id = %(id)s
    AND c.status NOT IN ('voided', 'replaced')
    AND (p.posted_minor <> 0 OR p.held_minor <> 0)
GROUP BY p.unit
ORDER BY p.unit;
