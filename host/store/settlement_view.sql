-- A terminal and its batches, for people.

-- name: terminal
-- A terminal for people.
SELECT
    t.terminal_id,
    m.merchant_id,
    m.name,
    t.is_active,
    t.epoch,
    t.serial,
    t.settles_points,
    s.status,
    s.reported_at
FROM terminal AS t
INNER JOIN store AS p ON t.store_id = p.id
INNER JOIN merchant AS m ON p.merchant_id = m.id
LEFT JOIN terminal_status AS s ON t.terminal_id = s.terminal_id
WHERE t.terminal_id = %(terminal_id)s;

-- name: check_values
-- The keys it has, by what may be told of them.
SELECT usage, generation, check_value
FROM terminal_key
WHERE terminal_id = %(terminal_id)s
ORDER BY usage, generation;

-- name: batches
-- How its last batches ended.
SELECT
    institution,
    epoch,
    state,
    business_date,
    told,
    counted,
    settled_at,
    closed_at
FROM terminal_batch
WHERE terminal_id = %(terminal_id)s
ORDER BY settled_at DESC
LIMIT %(limit)s;

-- name: institutions
-- The channels that exchanges of a home came by: one step of the index for each.
WITH RECURSIVE institution AS (
    (
        SELECT split_part(slot, '/', 1) AS name
        FROM exchange
        WHERE home = %(home)s
        ORDER BY slot
        LIMIT 1
    )
    UNION ALL
    SELECT
        (
            SELECT split_part(e.slot, '/', 1)
            FROM exchange AS e
            WHERE e.home = %(home)s AND e.slot > institution.name || '0'
            ORDER BY e.slot
            LIMIT 1
        ) AS name
    FROM institution
    WHERE institution.name IS NOT NULL
)

SELECT name FROM institution WHERE name IS NOT NULL;

-- name: last_seen
-- When its last exchange was decided: among its newest traces, which are its last. A late reversal
-- of one before them is no sign of life.
WITH newest AS (
    SELECT decided_at
    FROM exchange
    WHERE home = %(home)s AND slot >= %(first)s AND slot < %(end)s
    ORDER BY slot DESC
    LIMIT 100
)

SELECT max(decided_at) FROM newest;

-- name: unacknowledged
-- Approvals of which nothing proves that the terminal has them. Proof is a later trace of the same
-- batch: a terminal begins nothing new before it has ended what it had. A balanced settlement
-- proves the whole batch, and is asked of first.
SELECT
    split_part(e.slot, '/', 4) AS stan,
    j.kind,
    j.amount_minor,
    j.unit,
    e.decided_at
FROM exchange AS e
INNER JOIN journal AS j ON e.shard = j.shard AND e.id = j.id
LEFT JOIN undo AS u ON j.shard = u.shard AND j.id = u.original_id AND u.kind = 'reversal'
WHERE
    e.home = %(home)s
    AND e.slot >= %(first)s
    AND e.slot < %(end)s
    AND right(e.slot, 2) = '/f'
    AND u.journal_id IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM exchange AS later
        WHERE
            later.home = e.home
            AND later.slot > e.slot || '~'
            AND later.slot < %(end)s
            AND split_part(later.slot, '/', 4) > split_part(e.slot, '/', 4)
    )
ORDER BY e.slot;
