-- Terminal batches. A batch's exchanges are a range of slots at its terminal's home:
-- from `institution/terminal/epoch/` up to, not including, the same with 0, which follows /.

-- name: count_batch
-- What the batch adds up to: journals that no reversal took back, by the sides of SIDES; of a part
-- of a dated batch, those that came after the part before it.
SELECT
    starts_with(j.unit, %(points)s) AS in_points,
    CASE WHEN starts_with(j.unit, %(points)s) THEN s.points ELSE s.money END AS side,
    sum(j.amount_minor)::bigint AS amount_minor,
    count(*) AS items
FROM exchange AS e
INNER JOIN journal AS j ON e.shard = j.shard AND e.id = j.id
INNER JOIN
    unnest(%(kinds)s::text [], %(money_sides)s::text [], %(points_sides)s::text [])
        AS s (kind, money, points)
    ON j.kind = s.kind
LEFT JOIN undo AS u ON j.shard = u.shard AND j.id = u.original_id AND u.kind = 'reversal'
WHERE
    e.home = %(home)s
    AND e.slot >= %(first)s
    AND e.slot < %(end)s
    AND e.seal > coalesce((%(after)s::bigint [])[e.shard + 1], 0)
    AND u.journal_id IS NULL
GROUP BY in_points, side;

-- name: voided_at_office
-- What people have voided of the batch without its terminal, under the traces of what was sold.
-- What a reversal took back counts nowhere, and so does its void.
SELECT
    split_part(e.slot, '/', 4) AS stan,
    v.kind,
    v.unit,
    v.amount_minor,
    c.pan_masked,
    e.shard,
    v.seal
FROM exchange AS e
INNER JOIN LATERAL (
    SELECT
        void.kind,
        void.unit,
        void.amount_minor,
        void.card_id,
        void.seal
    FROM undo
    INNER JOIN journal AS void ON undo.shard = void.shard AND undo.journal_id = void.id
    WHERE
        undo.shard = e.shard
        AND undo.original_id = e.id
        AND undo.kind = any(%(voids)s::text [])
        AND void.terminal_id IS NULL
    ORDER BY undo.attempt
    OFFSET 0
) AS v ON true
LEFT JOIN card AS c ON e.shard = c.shard AND v.card_id = c.id
LEFT JOIN undo AS u ON e.shard = u.shard AND e.id = u.original_id AND u.kind = 'reversal'
WHERE
    e.home = %(home)s
    AND e.slot >= %(first)s
    AND e.slot < %(end)s
    AND e.seal > coalesce((%(after)s::bigint [])[e.shard + 1], 0)
    AND u.journal_id IS NULL
ORDER BY e.slot;

-- name: traded
-- The financial exchanges of the batch, each as it stands. A confirmation is one where it posted
-- the load itself.
SELECT
    split_part(e.slot, '/', 4) AS stan,
    e.kind,
    e.reason IN ('approved', 'partly_approved') AS is_approved,
    j.unit,
    j.amount_minor,
    CASE WHEN e.kind IN ('points_earn', 'void') THEN e.answer END AS answer,
    c.pan_hash,
    coalesce(c.pan_masked, a.pan_masked) AS pan_masked,
    u.journal_id IS NOT NULL AS is_reversed,
    coalesce(u.journal_id IS NOT NULL AND r.decided_at > %(settled_at)s, false)
        AS is_reversed_late
FROM exchange AS e
LEFT JOIN journal AS j ON e.shard = j.shard AND e.id = j.id
LEFT JOIN card AS c ON j.shard = c.shard AND j.card_id = c.id
LEFT JOIN advice AS a ON j.shard = a.shard AND j.id = a.journal_id
LEFT JOIN undo AS u ON j.shard = u.shard AND j.id = u.original_id AND u.kind = 'reversal'
LEFT JOIN exchange AS r ON e.home = r.home AND r.slot = regexp_replace(e.slot, '.$', 'r')
WHERE
    e.home = %(home)s
    AND e.slot >= %(first)s
    AND e.slot < %(end)s
    AND NOT e.is_tombstone
    AND e.seal > coalesce((%(after)s::bigint [])[e.shard + 1], 0)
    AND (right(e.slot, 2) = '/f' OR (right(e.slot, 2) = '/c' AND j.id IS NOT NULL))
ORDER BY e.slot;

-- name: day_of_batch
-- The business date of its last exchange, whether that is over, and the date that is open. What
-- was refused with 77 makes no batch of a number that is none.
SELECT
    (
        SELECT max(e.business_date)
        FROM exchange AS e
        WHERE
            e.home = %(home)s
            AND e.slot >= %(first)s
            AND e.slot < %(end)s
            AND e.reason <> 'batch_mismatch'
    ) AS last_date,
    (SELECT business_date FROM business_day WHERE state = 'open') AS open_date;

-- name: epoch_of_terminal
-- The batch the terminal is to use, and whether its totals have points in them.
SELECT epoch, settles_points FROM terminal WHERE terminal_id = %(terminal_id)s;

-- name: move_on
-- The terminal's next batch; told at its next sign-on.
-- notes: terminal
UPDATE terminal AS t SET epoch = %(next)s
WHERE t.terminal_id = %(terminal_id)s AND t.epoch = %(epoch)s;

-- name: read_batch
-- As it was settled, if it was.
SELECT
    state,
    attempt,
    with_points,
    business_date,
    told,
    counted,
    answer,
    end_answer,
    settled_at,
    closed_at,
    marks,
    is_proved
FROM terminal_batch
WHERE
    institution = %(institution)s AND terminal_id = %(terminal_id)s AND epoch = %(epoch)s;

-- name: parts
-- The parts of a dated batch as they were settled, the last one first: 20261122.2 before 20261122.
SELECT
    epoch,
    state,
    told,
    marks
FROM terminal_batch
WHERE
    institution = %(institution)s
    AND terminal_id = %(terminal_id)s
    AND epoch >= %(epoch)s
    AND epoch < %(epoch)s || '/'
ORDER BY length(epoch) DESC, epoch DESC
LIMIT 2;

-- name: marks
-- The last seal of each shard that covers an exchange of the batch.
SELECT
    shard,
    max(seal) AS seal
FROM exchange
WHERE home = %(home)s AND slot >= %(first)s AND slot < %(end)s
GROUP BY shard;

-- name: settled
-- How batches were settled that late messages name.
SELECT
    b.institution,
    b.terminal_id,
    split_part(b.epoch, '.', 1) AS epoch,
    b.marks,
    b.is_proved
FROM unnest(%s::text [], %s::text [], %s::text []) AS k (institution, terminal_id, epoch)
INNER JOIN terminal_batch AS b
    ON
        k.institution = b.institution
        AND k.terminal_id = b.terminal_id
        AND k.epoch <= b.epoch
        AND k.epoch || '/' > b.epoch
WHERE b.state <> 'awaiting_upload'
ORDER BY length(b.epoch) ASC, b.epoch ASC;

-- name: save_batch
-- Its first settlement or upload, or whatever came after it.
-- notes: terminal_batch
INSERT INTO terminal_batch AS t (
    institution, terminal_id, epoch, state, attempt, with_points, business_date, told, counted,
    answer, end_answer, settled_at, closed_at, marks, is_proved
)
VALUES (
    %(institution)s, %(terminal_id)s, %(epoch)s, %(state)s, %(attempt)s, %(with_points)s,
    %(business_date)s, %(told)s, %(counted)s, %(answer)s, %(end_answer)s, %(settled_at)s,
    %(closed_at)s, %(marks)s, %(is_proved)s
)
ON CONFLICT ON CONSTRAINT terminal_batch_once DO UPDATE
    SET
        state = excluded.state,
        attempt = excluded.attempt,
        business_date = excluded.business_date,
        told = excluded.told,
        counted = excluded.counted,
        answer = excluded.answer,
        end_answer = excluded.end_answer,
        settled_at = excluded.settled_at,
        closed_at = excluded.closed_at,
        marks = excluded.marks,
        is_proved = excluded.is_proved;

-- name: add_record
-- The first record of a trace is kept; whether it came now, says the row count.
-- notes: upload_record
INSERT INTO upload_record AS t (
    institution, terminal_id, epoch, attempt, stan, amount_minor, pan_hash, pan_masked,
    is_foreign, kind
)
VALUES (
    %(institution)s, %(terminal_id)s, %(epoch)s, %(attempt)s, %(stan)s, %(amount_minor)s,
    %(pan_hash)s, %(pan_masked)s, %(is_foreign)s, %(kind)s
)
ON CONFLICT ON CONSTRAINT upload_record_once DO NOTHING;

-- name: records
-- What the terminal has uploaded since it settled with these totals.
SELECT stan, amount_minor, pan_hash, pan_masked, kind
FROM upload_record
WHERE
    institution = %(institution)s
    AND terminal_id = %(terminal_id)s
    AND epoch = %(epoch)s
    AND attempt = %(attempt)s
ORDER BY stan;

-- name: note_status
-- The last thing a terminal said of itself.
-- notes: terminal_status
INSERT INTO terminal_status AS t (terminal_id, status, reported_at)
VALUES (%(terminal_id)s, %(status)s, %(now)s)
ON CONFLICT (terminal_id) DO UPDATE
    SET
        status = excluded.status,
        reported_at = excluded.reported_at;

-- name: merchant_of_terminal
-- Who is printed on its slips.
SELECT m.name
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
INNER JOIN merchant AS m ON s.merchant_id = m.id
WHERE t.terminal_id = %(terminal_id)s;
