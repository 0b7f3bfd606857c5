-- What is told of postings to whoever asks by a number.

-- name: sealed_where
-- Of postings: in which city, under which seal, and whether that is there and follows the one
-- before it. A step of the key for each.
SELECT
    j.id,
    coalesce(m.city, '') AS city,
    j.seal,
    coalesce(
        s.previous = coalesce(b.digest, decode(repeat('00', 32), 'hex'))
        AND (j.seal = 1) = (b.digest IS NULL),
        false
    ) AS is_whole,
    s.digest
FROM unnest(%(numbers)s::bigint []) AS n (id)
INNER JOIN journal AS j ON j.shard = %(shard)s AND n.id = j.id
LEFT JOIN merchant AS m ON j.merchant_id = m.id
LEFT JOIN seal AS s ON j.shard = s.shard AND j.seal = s.seq
LEFT JOIN seal AS b ON j.shard = b.shard AND b.seq = j.seal - 1;

-- name: uses_of_voucher
-- What used a voucher, what undid that, and what undid the undoing, by which it is used again; the
-- newest first: of any shard, where it was put onto a card of it. What found nothing to undo is no
-- step.
WITH used AS (
    SELECT
        u.shard,
        u.journal_id AS id
    FROM generate_series(0, %(shards)s::integer - 1) AS s (shard)
    INNER JOIN voucher_use AS u ON s.shard = u.shard AND u.voucher_id = %(card)s
    ORDER BY u.journal_id DESC
    LIMIT %(limit)s
),

undone AS (
    SELECT
        undo.shard,
        undo.journal_id AS id
    FROM used
    INNER JOIN undo ON used.shard = undo.shard AND used.id = undo.original_id AND NOT undo.is_moot
)

SELECT
    j.shard,
    j.id,
    e.kind,
    e.business_date,
    e.decided_at,
    n.is_again
FROM (
    SELECT
        used.shard,
        used.id,
        false AS is_again
    FROM used
    UNION ALL
    SELECT
        undone.shard,
        undone.id,
        false
    FROM undone
    UNION ALL
    SELECT
        undo.shard,
        undo.journal_id,
        true
    FROM undone
    INNER JOIN undo
        ON undone.shard = undo.shard AND undone.id = undo.original_id AND NOT undo.is_moot
) AS n
INNER JOIN journal AS j ON n.shard = j.shard AND n.id = j.id
INNER JOIN exchange AS e ON j.home = e.home AND j.slot = e.slot
ORDER BY e.decided_at DESC
LIMIT %(limit)s;

-- name: newest_head
-- Where every chain stood when it was last signed.
SELECT
    number,
    body,
    signature
FROM signed_head
ORDER BY number DESC
LIMIT 1;
