-- Cards sold or allocated, taken from opened batches.

-- name: take_unsold
-- The first so many of a part that may be sold, along the index of those; what somebody else is
-- about to take is passed by.
SELECT
    shard,
    pan_hash,
    id
FROM card
WHERE part_id = %s AND sale = 'unsold' AND status = 'inactive'
ORDER BY id
LIMIT %s
FOR UPDATE SKIP LOCKED;

-- name: opened_parts
-- Where cards of a product may be taken from. What is suspended meanwhile waits for the sale's end.
SELECT
    p.id,
    b.issuer_id
FROM card_batch_part AS p
INNER JOIN card_batch AS b ON p.batch_id = b.id
WHERE p.state = 'opened' AND b.state = 'opened' AND b.product_id = %s
ORDER BY p.id
FOR SHARE OF b;

-- name: add_sale
-- An order is one sale.
-- notes: card_sale
INSERT INTO card_sale AS t (
    issuer_id, product_id, order_reference, channel, buyer, member_id, cards, price_minor, sold_by,
    sold_at
)
VALUES (
    %(issuer_id)s, %(product)s, %(order)s, %(channel)s, %(buyer)s, %(member)s, %(cards)s,
    %(price_minor)s, %(sold_by)s, %(sold_at)s
)
ON CONFLICT ON CONSTRAINT card_sale_ordered DO NOTHING
RETURNING t.id;

-- name: sale_of_order
-- What was sold by an order, held until the end of the transaction.
SELECT id, state, cards, product_id FROM card_sale
WHERE issuer_id = %s AND order_reference = %s
FOR UPDATE;

-- name: cards_of_sale
-- The cards that were sold together, held until the end of the transaction.
SELECT
    c.shard,
    c.pan_hash,
    c.id,
    c.status,
    coalesce(p.moved, false) AS moved
FROM card AS c
LEFT JOIN LATERAL (
    SELECT bool_or(purse.posted_minor <> 0 OR purse.held_minor <> 0) AS moved
    FROM purse
    WHERE purse.shard = c.shard AND purse.card_id = c.id
) AS p ON true
WHERE c.sale_id = %s
ORDER BY c.id
FOR UPDATE OF c;

-- name: sell_cards
-- Taken.
-- notes: card
UPDATE card AS t SET sale = 'sold', sale_id = %s
FROM unnest(%s::smallint [], %s::bytea []) AS k (shard, pan_hash)
WHERE t.shard = k.shard AND t.pan_hash = k.pan_hash;

-- name: return_cards
-- They were never used, and never are.
-- notes: card
UPDATE card AS t SET sale = 'returned', status = 'voided', code_hash = NULL, code_sealed = NULL
FROM unnest(%s::smallint [], %s::bytea []) AS k (shard, pan_hash)
WHERE t.shard = k.shard AND t.pan_hash = k.pan_hash;

-- name: return_sale
-- Whole.
-- notes: card_sale
UPDATE card_sale AS t SET state = 'returned', returned_by = %s, returned_at = %s
WHERE t.id = %s;
