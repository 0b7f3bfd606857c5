-- Payments that ports have taken, as the postings move them on.

-- name: load_paid
-- It is on its card, and owed by its port.
-- notes: port_payment
UPDATE port_payment AS t
SET
    state = 'loaded',
    journal_id = k.number
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS number,
        unnest(%s::bigint []) AS payment
) AS k
WHERE t.id = k.payment AND t.shard = k.shard;
