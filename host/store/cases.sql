-- Exception cases, as rows.

-- name: open_case
-- Once while it is open: the same thing seen again is counted.
-- notes: exception_case
INSERT INTO exception_case AS t (
    kind, terminal_id, epoch, stan, detail, amount_minor, unit, times, opened_at, seen_at
)
VALUES (
    %(kind)s, %(terminal_id)s, %(epoch)s, %(stan)s, %(detail)s, %(amount_minor)s, %(unit)s,
    %(times)s, %(now)s, %(now)s
)
ON CONFLICT (kind, terminal_id, epoch, stan, unit) WHERE resolved_at IS NULL
DO UPDATE SET times = t.times + excluded.times, seen_at = excluded.seen_at;

-- name: note_report
-- What the switch reports, once; whether it came now, says the row count.
-- notes: case_report
INSERT INTO case_report AS t (slot, detail, reported_at)
VALUES (%(slot)s, %(detail)s, %(now)s)
ON CONFLICT ON CONSTRAINT case_report_once DO NOTHING;

-- name: open_cases
-- What is open, or of it what is a terminal's; the newest last, as people read on.
SELECT
    id,
    kind,
    terminal_id,
    epoch,
    stan,
    detail,
    amount_minor,
    unit,
    times,
    opened_at,
    seen_at,
    resolved_at,
    resolved_by,
    note
FROM exception_case
WHERE
    resolved_at IS NULL
    AND (%(terminal_id)s::text IS NULL OR terminal_id = %(terminal_id)s)
ORDER BY id
LIMIT %(limit)s;

-- name: all_cases
-- All there ever were.
SELECT
    id,
    kind,
    terminal_id,
    epoch,
    stan,
    detail,
    amount_minor,
    unit,
    times,
    opened_at,
    seen_at,
    resolved_at,
    resolved_by,
    note
FROM exception_case
ORDER BY id
LIMIT %(limit)s;

-- name: all_cases_of_terminal
-- All there ever were of a terminal.
SELECT
    id,
    kind,
    terminal_id,
    epoch,
    stan,
    detail,
    amount_minor,
    unit,
    times,
    opened_at,
    seen_at,
    resolved_at,
    resolved_by,
    note
FROM exception_case
WHERE terminal_id = %(terminal_id)s
ORDER BY id
LIMIT %(limit)s;

-- name: count_cases
-- What a batch has been given so far.
SELECT count(*) FROM exception_case WHERE terminal_id = %s AND epoch = %s;

-- name: resolve_case
-- Once: what was resolved keeps its first word.
-- notes: exception_case
UPDATE exception_case AS t SET resolved_at = %(now)s, resolved_by = %(by)s, note = %(note)s
WHERE t.id = %(id)s AND t.resolved_at IS NULL;

-- name: case_state
-- Why a case could not be resolved: it is not there, or it was.
SELECT resolved_by FROM exception_case WHERE id = %(id)s;

-- name: settle_case
-- What a batch itself has answered since: its kind and batch say which.
-- notes: exception_case
UPDATE exception_case AS t SET resolved_at = %(now)s, resolved_by = %(by)s, note = %(note)s
WHERE
    t.kind = %(kind)s
    AND t.terminal_id = %(terminal_id)s
    AND t.epoch = %(epoch)s
    AND t.resolved_at IS NULL;
