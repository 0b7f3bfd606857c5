-- Codes that members and stores show, as people ask for them.

-- name: end_codes_of_member
-- Another is shown: the one before pays nothing.
-- notes: pay_code
UPDATE pay_code AS t SET is_over = true
WHERE t.member_id = %s AND t.used_by IS NULL AND NOT t.is_over;

-- name: end_code_of_store
-- Another lasting one is made.
-- notes: pay_code
UPDATE pay_code AS t SET is_over = true
WHERE t.store_id = %s AND t.expires_at IS NULL AND NOT t.is_over;

-- name: add_code
-- One that is told once.
-- notes: pay_code
INSERT INTO pay_code AS t (
    code_hash, member_id, store_id, amount_minor, made_by, made_at, expires_at
)
VALUES (
    %(code)s, %(member)s, %(store)s, %(amount)s, %(by)s, %(now)s, %(until)s
);

-- name: store_code
-- What a store's code says, which was scanned.
SELECT
    c.store_id,
    coalesce(c.amount_minor, 0)::bigint AS amount_minor,
    c.expires_at,
    coalesce(c.used_by, '') AS used_by
FROM pay_code AS c
WHERE c.code_hash = %s AND c.store_id IS NOT NULL AND NOT c.is_over;

-- name: there_is
-- What may be spent of a member's cards that a merchant takes, in the issuer's money.
SELECT coalesce(sum(greatest(p.posted_minor - p.held_minor, 0)), 0)::bigint AS free_minor
FROM card AS c
INNER JOIN acceptance AS a ON c.issuer_id = a.issuer_id AND a.merchant_id = %(merchant)s
INNER JOIN issuer AS i ON c.issuer_id = i.id
INNER JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id AND i.currency = p.unit
WHERE c.member_id = %(member)s AND c.status = 'active';
