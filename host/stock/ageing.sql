-- What the clock does to cards and their batches: their days are over, or nothing is left of them.

-- name: expire_cards
-- Some whose last day is over, part by part along the index of cards that have not ended, and how
-- each stood. Those of a voided batch are voided; vouchers are taken at tills some days more.
-- notes: card
UPDATE card AS t
SET
    status = 'expired',
    expired_from = t.status
FROM (
    SELECT
        o.shard,
        o.pan_hash
    FROM card_batch_part AS p
    INNER JOIN card_batch AS b ON p.batch_id = b.id AND b.state <> 'voided'
    INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
    INNER JOIN LATERAL (
        SELECT
            c.shard,
            c.pan_hash
        FROM card AS c
        WHERE
            c.part_id = p.id
            AND c.status = any(%(stands)s::text [])
            AND c.status NOT IN ('voided', 'replaced')
            AND c.valid_to < %(today)s::date - v.grace_days
        ORDER BY c.status, c.valid_to
        LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ) AS o ON true
    ORDER BY p.id
    LIMIT %(limit)s
) AS over
WHERE t.shard = over.shard AND t.pan_hash = over.pan_hash
RETURNING t.part_id, t.valid_to;

-- name: add_month
-- Last days of a product's cards are in it.
-- notes: expiry_month
INSERT INTO expiry_month AS t (product_id, month, issuer_id)
SELECT
    b.product_id,
    %(month)s::date,
    b.issuer_id
FROM card_batch_part AS p
INNER JOIN card_batch AS b ON p.batch_id = b.id
WHERE p.id = %(part)s
ON CONFLICT ON CONSTRAINT expiry_month_once DO NOTHING;

-- name: batches_over
-- Batches whose last day is over, when no card of them has a later one.
SELECT
    b.id,
    b.state
FROM card_batch AS b
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
WHERE
    b.state = any(%(stands)s::text [])
    AND coalesce(b.valid_to, v.valid_to) < %(today)s
    AND NOT EXISTS (
        SELECT FROM card_batch_part AS p
        WHERE
            p.batch_id = b.id
            AND (
                p.state IN ('draft', 'generating')
                OR EXISTS (
                    SELECT FROM card AS c
                    WHERE
                        c.part_id = p.id
                        AND c.status = any(%(living)s::text [])
                        AND c.status NOT IN ('voided', 'replaced')
                )
            )
    )
ORDER BY b.id
LIMIT %(limit)s
FOR UPDATE OF b SKIP LOCKED;

-- name: batches_left
-- Batches of which each card was voided or replaced.
SELECT
    b.id,
    b.state
FROM card_batch AS b
WHERE
    b.state = any(%(stands)s::text [])
    AND NOT EXISTS (
        SELECT FROM card_batch_part AS p
        WHERE
            p.batch_id = b.id
            AND (
                p.state IN ('draft', 'generating')
                OR EXISTS (
                    SELECT FROM card AS c
                    WHERE c.part_id = p.id AND c.status NOT IN ('voided', 'replaced')
                )
            )
    )
ORDER BY b.id
LIMIT %(limit)s
FOR UPDATE OF b SKIP LOCKED;

-- name: set_batch
-- Who suspended it is kept: a card of it that gets a later day finds it suspended.
-- notes: card_batch
UPDATE card_batch AS t SET state = %s WHERE t.id = %s;

-- name: batch_of_part
-- Where the batch of a part stands, held until the end of the transaction.
SELECT
    b.id,
    b.state,
    b.suspended_by
FROM card_batch_part AS p
INNER JOIN card_batch AS b ON p.batch_id = b.id
WHERE p.id = %s
FOR UPDATE OF b;
