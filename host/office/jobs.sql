-- Long work: begun in the transaction of its action, done beside it, resumed after any end.

-- name: add_job
-- Asked for; whoever runs jobs finds it.
-- notes: job
INSERT INTO job AS t (
    action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id, alliance_id,
    enterprise_id, plan, total, asked_by, asked_at
)
VALUES (
    %(action)s, %(kind)s, %(key)s, %(issuer_id)s, %(merchant_id)s, %(store_id)s, %(member_id)s,
    %(alliance_id)s, %(enterprise_id)s, %(plan)s, %(total)s, %(asked_by)s, %(asked_at)s
)
RETURNING t.id;

-- name: wake
-- Whoever runs jobs looks at once.
SELECT pg_notify('office_job', '');

-- name: hear
-- To be told of it.
LISTEN office_job;

-- name: take_job
-- The oldest that waits, or that was left by a runner that is no more.
-- notes: job
UPDATE job AS t
SET
    state = 'running',
    started_at = coalesce(t.started_at, %(now)s),
    beat_at = %(now)s
WHERE
    t.id = (
        SELECT j.id
        FROM job AS j
        WHERE
            j.action = any(%(actions)s::text [])
            AND (j.state = 'waiting' OR (j.state = 'running' AND j.beat_at < %(left_at)s))
        ORDER BY j.id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    )
RETURNING
    t.id,
    t.action,
    t.subject_kind,
    t.subject_key,
    t.plan,
    t.done,
    t.total,
    t.asked_by,
    t.issuer_id,
    t.merchant_id,
    t.store_id,
    t.member_id,
    t.alliance_id,
    t.enterprise_id;

-- name: beat
-- How far it is; nothing where it is to stop.
-- notes: job
UPDATE job AS t
SET
    done = %(done)s,
    beat_at = %(now)s
WHERE t.id = %(id)s AND t.state = 'running';

-- name: end_job
-- Done, failed, or stopped as it was asked to.
-- notes: job
UPDATE job AS t
SET
    state = %(state)s,
    ended_at = %(now)s,
    error = %(error)s,
    error_zh = %(error_zh)s
WHERE t.id = %(id)s AND t.state IN ('running', 'stopping');

-- name: stop_job
-- What is running is told at its next beat.
-- notes: job
UPDATE job AS t
SET
    state = CASE t.state WHEN 'running' THEN 'stopping' ELSE 'stopped' END,
    ended_at = CASE t.state WHEN 'running' THEN NULL ELSE %(now)s::timestamptz END
WHERE t.id = %(id)s AND t.state IN ('waiting', 'running');

-- name: resume_job
-- It goes on where it was.
-- notes: job
UPDATE job AS t
SET
    state = 'waiting',
    ended_at = NULL,
    error = ''
WHERE t.id = %(id)s AND t.state IN ('stopped', 'failed');

-- name: end_left
-- Somebody was to stop it, and is no more.
-- notes: job
UPDATE job AS t
SET
    state = 'stopped',
    ended_at = %(now)s
WHERE t.state = 'stopping' AND t.beat_at < %(left_at)s;
