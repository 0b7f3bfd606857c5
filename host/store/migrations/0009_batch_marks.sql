-- What a settled batch counted, told by the hash chain and by no clock: the last seal of each shard
-- that covered an exchange of it, the first shard first. What came after it was not counted. And
-- whether the terminal's keys proved who settled it.
ALTER TABLE terminal_batch ADD COLUMN marks bigint [];
ALTER TABLE terminal_batch ADD COLUMN is_proved boolean NOT NULL DEFAULT true;

WITH shards AS (
    SELECT generate_series(0, coalesce(max(shard), 0)) AS shard
    FROM exchange
),

counted AS (
    SELECT
        batch.institution,
        batch.terminal_id,
        batch.epoch,
        exchange.shard,
        max(exchange.seal) AS seal
    FROM terminal_batch AS batch
    INNER JOIN exchange
        ON
            exchange.terminal_id = batch.terminal_id
            AND split_part(exchange.slot, '/', 1) = batch.institution
            AND split_part(exchange.slot, '/', 3) = batch.epoch
            AND exchange.decided_at <= coalesce(batch.closed_at, batch.settled_at)
    GROUP BY batch.institution, batch.terminal_id, batch.epoch, exchange.shard
),

spread AS (
    SELECT
        batch.institution,
        batch.terminal_id,
        batch.epoch,
        array_agg(coalesce(counted.seal, 0) ORDER BY shards.shard) AS marks
    FROM terminal_batch AS batch
    CROSS JOIN shards
    LEFT JOIN counted
        ON
            counted.institution = batch.institution
            AND counted.terminal_id = batch.terminal_id
            AND counted.epoch = batch.epoch
            AND counted.shard = shards.shard
    WHERE batch.state <> 'awaiting_upload'
    GROUP BY batch.institution, batch.terminal_id, batch.epoch
)

UPDATE terminal_batch SET marks = spread.marks
FROM spread
WHERE
    terminal_batch.institution = spread.institution
    AND terminal_batch.terminal_id = spread.terminal_id
    AND terminal_batch.epoch = spread.epoch;

ALTER TABLE terminal_batch ADD CONSTRAINT terminal_batch_marked CHECK (
    state = 'awaiting_upload' OR marks IS NOT NULL
);

GRANT UPDATE (marks, is_proved) ON terminal_batch TO posswitch_poster;
