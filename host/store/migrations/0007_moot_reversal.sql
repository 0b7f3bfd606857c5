-- A reversal of what a void had undone was approved and left no trace, so that the reversal of the
-- void put the original back. It is a fact about the original from now on: journal_id is then the
-- number of its exchange, which has no journal.
ALTER TABLE undo ADD COLUMN is_moot boolean NOT NULL DEFAULT false;

INSERT INTO undo (shard, original_id, attempt, journal_id, kind, amount_minor, is_moot)
WITH facts AS (
    SELECT
        shard,
        original_id,
        max(attempt) + 1 AS next_attempt,
        count(*) FILTER (WHERE kind = 'reversal') AS reversals
    FROM undo
    GROUP BY shard, original_id
)

SELECT
    original.shard,
    original.id,
    coalesce(facts.next_attempt, 0),
    reversal.id,
    'reversal',
    original.amount_minor,
    true
FROM exchange AS reversal
INNER JOIN exchange AS named
    ON
        named.home = reversal.home
        AND named.slot = left(reversal.slot, -1) || 'f'
INNER JOIN journal AS original ON original.shard = named.shard AND original.id = named.id
LEFT JOIN facts ON facts.shard = original.shard AND facts.original_id = original.id
WHERE
    reversal.kind = 'reversal'
    AND reversal.reason = 'approved'
    AND NOT reversal.is_tombstone
    AND coalesce(facts.reversals, 0) = 0;
