-- What actions about cards ask beside what `host.stock` does.

-- name: product_coded
-- An issuer's product of this code.
SELECT id FROM product WHERE issuer_id = %(issuer)s AND code = %(code)s;

-- name: waiting_parts
-- Parts of a batch that are made and not opened.
SELECT id
FROM card_batch_part
WHERE
    batch_id = %(batch)s
    AND (%(number)s::smallint IS NULL OR number = %(number)s::smallint)
    AND state <> 'opened'
ORDER BY number;

-- name: stopped_by_risk
-- Whether who suspended it is of risk.
SELECT exists(
    SELECT 1
    FROM person AS p
    INNER JOIN person_grant AS g ON p.id = g.person_id
    WHERE p.login = %(login)s AND g.role = 'risk' AND g.ended_at IS NULL
);

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
-- Frozen, or in use again.
-- notes: member
UPDATE member AS t SET state = %(state)s
WHERE t.id = %(id)s;
