-- Signed heads.

-- name: wait_for_turn
-- One head after the other, whoever signs it.
SELECT pg_advisory_xact_lock(%s, %s);

-- name: last_number
-- What the next head counts on from.
SELECT coalesce(max(number), 0) FROM signed_head;

-- name: ends
-- The open date, where each shard's chain ends, and the chain of changes: in one statement, so that
-- nothing of a date is behind a head that says an earlier one.
WITH shards AS (
    SELECT generate_series(0, setting.value::integer - 1) AS shard
    FROM setting
    WHERE setting.name = 'shard_count'
)

SELECT 'date ' || business_day.business_date AS line
FROM business_day
WHERE business_day.state = 'open'
UNION ALL
SELECT 'seal ' || last.shard || ' ' || last.seq || ' ' || encode(last.digest, 'hex')
FROM shards
INNER JOIN LATERAL (
    SELECT
        seal.shard,
        seal.seq,
        seal.digest
    FROM seal
    WHERE seal.shard = shards.shard
    ORDER BY seal.seq DESC
    LIMIT 1
) AS last ON true
UNION ALL
(
    SELECT 'link 0 ' || change_link.seq || ' ' || encode(change_link.digest, 'hex')
    FROM change_link
    ORDER BY change_link.seq DESC
    LIMIT 1
)
ORDER BY line;

-- name: add_head
-- Never changed after.
INSERT INTO signed_head (number, body, signature) VALUES (%s, %s, %s);

-- name: heads_after
-- What the file beside the host does not have yet, or all of them for the audit.
SELECT
    number,
    body,
    signature
FROM signed_head
WHERE number > %s
ORDER BY number;
