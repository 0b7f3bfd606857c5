-- Loads of cash, as their postings move them on.

-- name: take_cash
-- It is on its card, and owed by whoever took it.
-- notes: cash_load
UPDATE cash_load AS t
SET
    state = 'taken',
    journal_id = k.number
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS number,
        unnest(%s::bigint []) AS load
) AS k
WHERE t.id = k.load AND t.shard = k.shard;

-- name: hand_in_cash
-- Nobody owes it any more.
-- notes: cash_load
UPDATE cash_load AS t
SET
    state = 'handed_in',
    handed_id = k.number
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS number,
        unnest(%s::bigint []) AS load
) AS k
WHERE t.id = k.load AND t.shard = k.shard;
