-- What the office does to vouchers.

-- name: kind_of_product
-- What the newest version of a product makes.
SELECT v.kind
FROM product_version AS v
WHERE v.product_id = %s
ORDER BY v.version DESC
LIMIT 1;

-- name: merchants_taking
-- Those of these merchants that take the cards of a product's issuer.
SELECT m.id
FROM product AS p
INNER JOIN acceptance AS a ON p.issuer_id = a.issuer_id
INNER JOIN merchant AS m ON a.merchant_id = m.id
WHERE p.id = %(product)s AND m.merchant_id = any(%(merchants)s::text [])
ORDER BY m.id;

-- name: in_stores_taking
-- Those of these stores whose merchants do.
SELECT s.id
FROM product AS p
INNER JOIN acceptance AS a ON p.issuer_id = a.issuer_id
INNER JOIN store AS s ON a.merchant_id = s.merchant_id
WHERE p.id = %(product)s AND s.id = any(%(stores)s::integer [])
ORDER BY s.id;

-- name: stopped_by_merchant
-- Whether who suspended a batch is of this merchant.
SELECT exists(
    SELECT 1
    FROM person AS p
    INNER JOIN person_grant AS g ON p.id = g.person_id
    WHERE p.login = %(login)s AND g.merchant_id = %(merchant)s AND g.ended_at IS NULL
);

-- name: asked_at
-- When somebody asked for what was agreed to.
SELECT asked_at FROM approval WHERE id = %s;

-- name: hold_vouchers
-- How each stands, held until the end of the transaction, in one order.
SELECT
    c.status,
    c.id
FROM card AS c
WHERE c.id = any(%s::bigint [])
ORDER BY c.shard, c.pan_hash
FOR UPDATE;

-- name: void_vouchers
-- They are never used again.
-- notes: card
UPDATE card AS t SET status = 'voided'
WHERE t.id = any(%s::bigint []);
