-- What is looked up to try what a message would be told.

-- name: card_at
-- Where a card lives, by the number that the ledger has for it.
SELECT
    c.shard,
    c.pan_hash,
    c.issuer_id,
    c.pan_masked
FROM card AS c
WHERE c.id = %(card)s;
