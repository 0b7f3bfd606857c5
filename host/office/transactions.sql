-- What was sold, as it is voided without its terminal.

-- name: sold
-- A journal by its number: where it stands, who sold it, and in which batch that terminal is now.
SELECT
    j.shard,
    j.seal,
    j.slot,
    j.card_id,
    j.terminal_id,
    t.epoch
FROM unnest(%(shards)s::smallint []) AS s (shard)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        journal.shard,
        journal.seal,
        journal.slot,
        journal.card_id,
        journal.terminal_id
    FROM journal
    WHERE journal.shard = s.shard AND journal.id = %(number)s
    ORDER BY journal.id
    OFFSET 0
) AS j ON true
LEFT JOIN terminal AS t ON j.terminal_id = t.terminal_id;
