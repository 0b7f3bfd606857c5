-- Plastic cards that are sent to who sells them.

-- name: shipped_batch
-- What is sent of, held until the end of the transaction.
SELECT
    b.issuer_id,
    b.state,
    v.form
FROM card_batch AS b
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
WHERE b.id = %s
FOR SHARE OF b;

-- name: cards_of_range
-- Cards of a part by their places, held until the end of the transaction.
SELECT
    c.shard,
    c.pan_hash,
    c.sale,
    c.status
FROM card_batch_part AS p
INNER JOIN card AS c
    ON
        c.id >= (p.id::bigint << 32) + %(first)s::bigint
        AND c.id <= (p.id::bigint << 32) + %(last)s::bigint
WHERE p.batch_id = %(batch)s AND p.number = %(part)s
ORDER BY c.id
LIMIT %(limit)s
FOR UPDATE OF c;

-- name: cards_numbered
-- Cards by the hashes of their numbers, each with its place among them, held until the end of the
-- transaction; what is of another batch is not there.
SELECT
    k.place,
    c.sale,
    c.status
FROM
    unnest(%s::smallint [], %s::bytea [], %s::integer []) AS k (shard, pan_hash, place)
INNER JOIN card AS c ON k.shard = c.shard AND k.pan_hash = c.pan_hash
INNER JOIN card_batch_part AS p ON c.part_id = p.id
WHERE p.batch_id = %s
FOR UPDATE OF c;

-- name: add_shipment
-- Its number is its issuer's, once.
-- notes: shipment
INSERT INTO shipment AS t (
    issuer_id, batch_id, reference, cards, recipient, carrier, tracking, sent_by, sent_at
)
VALUES (
    %(issuer)s, %(batch)s, %(reference)s, %(cards)s, %(recipient)s, %(carrier)s, %(tracking)s,
    %(by)s, %(now)s
)
ON CONFLICT ON CONSTRAINT shipment_named DO NOTHING
RETURNING t.id;

-- name: ship_cards
-- They are with who sells them.
-- notes: card
UPDATE card AS t SET sale = 'allocated', shipment_id = %s
FROM unnest(%s::smallint [], %s::bytea []) AS k (shard, pan_hash)
WHERE t.shard = k.shard AND t.pan_hash = k.pan_hash;
