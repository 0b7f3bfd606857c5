-- What is told to programs: who hears what, and each message on its way.

-- name: tell
-- A message for each who wants to hear of it and whose it is.
-- notes: webhook_message together
INSERT INTO webhook_message AS t (
    webhook, issuer_id, merchant_id, event, line, body, made_at, state, next_at
)
SELECT
    w.code,
    w.issuer_id,
    w.merchant_id,
    %(event)s,
    %(line)s,
    %(body)s,
    %(now)s,
    'queued',
    %(now)s
FROM webhook AS w
WHERE
    w.state = 'active'
    AND %(event)s = any(w.events)
    AND (
        num_nonnulls(w.issuer_id, w.merchant_id) = 0
        OR w.issuer_id = %(issuer_id)s::integer
        OR w.merchant_id = %(merchant_id)s::integer
    );

-- name: begin_positions
-- What was posted before anybody heard is told to nobody.
-- notes: webhook_position
INSERT INTO webhook_position AS t (shard, journal_id)
SELECT
    s.shard,
    coalesce((SELECT max(j.id) FROM journal AS j WHERE j.shard = s.shard), 0)
FROM unnest(%(shards)s::smallint []) AS s (shard)
ON CONFLICT (shard) DO UPDATE SET journal_id = excluded.journal_id;

-- name: positions_of_webhooks
-- How far it has been told, held so that one tells it.
SELECT
    shard,
    journal_id
FROM webhook_position
ORDER BY shard
FOR UPDATE;

-- name: who_hears
-- Who wants to hear of an event, and whose that has to be.
SELECT
    w.code,
    w.issuer_id,
    w.merchant_id
FROM webhook AS w
WHERE w.state = 'active' AND %(event)s = any(w.events);

-- name: posted_since
-- What a shard has posted behind a number, in order: one writer posts in it, with rising numbers.
SELECT
    j.id,
    j.kind,
    j.original_id,
    j.card_id,
    j.issuer_id,
    j.merchant_id,
    j.terminal_id,
    j.amount_minor,
    j.unit,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    c.pan_masked
FROM journal AS j
LEFT JOIN merchant AS m ON j.merchant_id = m.id
LEFT JOIN issuer AS i ON j.issuer_id = i.id
LEFT JOIN card AS c ON j.shard = c.shard AND j.card_id = c.id
WHERE j.shard = %(shard)s AND j.id > %(after)s
ORDER BY j.id
LIMIT %(limit)s;

-- name: tell_posted
-- Messages of what was posted.
-- notes: webhook_message together
INSERT INTO webhook_message AS t (
    webhook, issuer_id, merchant_id, event, line, body, made_at, state, next_at
)
SELECT
    w.code,
    w.issuer_id,
    w.merchant_id,
    %(event)s,
    m.line,
    m.body,
    %(now)s,
    'queued',
    %(now)s
FROM
    unnest(%(webhooks)s::text [], %(lines)s::text [], %(bodies)s::text [])
    WITH ORDINALITY AS m (webhook, line, body, place)
INNER JOIN webhook AS w ON m.webhook = w.code
ORDER BY m.place;

-- name: move_position
-- It is told that far.
-- notes: webhook_position
UPDATE webhook_position AS t SET journal_id = %(journal_id)s
WHERE t.shard = %(shard)s AND t.journal_id < %(journal_id)s;

-- name: take_messages
-- What is due, for who takes it and for so long: the first of each line, of who takes none one, and
-- nothing of who is busy.
-- notes: webhook_message
WITH due AS (
    SELECT
        w.code,
        w.failures,
        q.id,
        q.next_at
    FROM webhook AS w
    CROSS JOIN
        LATERAL (
            SELECT
                m.id,
                m.next_at
            FROM webhook_message AS m
            WHERE
                m.webhook = w.code
                AND m.state = 'queued'
                AND m.next_at <= %(now)s
                AND NOT EXISTS (
                    SELECT FROM webhook_message AS e
                    WHERE
                        e.webhook = m.webhook
                        AND e.line = m.line
                        AND e.state = 'queued'
                        AND e.id < m.id
                )
            ORDER BY m.next_at, m.id
            LIMIT %(limit)s
        ) AS q
    WHERE
        w.state = 'active'
        AND w.next_at <= %(now)s
        AND NOT w.code = any(%(busy)s::text [])
),

placed AS (
    SELECT
        due.id,
        due.next_at,
        due.failures,
        row_number() OVER (PARTITION BY due.code ORDER BY due.next_at, due.id) AS place
    FROM due
)

UPDATE webhook_message AS t
SET attempts = t.attempts + 1, next_at = %(until)s
FROM placed AS p
WHERE
    t.id = p.id
    AND t.state = 'queued'
    AND t.next_at = p.next_at
    AND (p.failures = 0 OR p.place = 1)
RETURNING t.id;

-- name: taken_messages
-- What was taken, with where it goes.
SELECT
    m.id,
    m.webhook,
    w.url,
    w.secret_sealed,
    m.body,
    m.attempts,
    m.next_at AS taken_until
FROM webhook_message AS m
INNER JOIN webhook AS w ON m.webhook = w.code
WHERE m.id = any(%(ids)s::bigint [])
ORDER BY m.id;

-- name: message_taken
-- They have it.
-- notes: webhook_message
UPDATE webhook_message AS t
SET state = 'delivered', delivered_at = %(now)s, last_status = %(status)s, last_error = ''
WHERE t.id = %(id)s AND t.state = 'queued';

-- name: message_not_taken
-- It is tried again, unless somebody else has taken it meanwhile.
-- notes: webhook_message
UPDATE webhook_message AS t
SET next_at = %(next_at)s, last_status = %(status)s, last_error = %(why)s
WHERE t.id = %(id)s AND t.state = 'queued' AND t.next_at = %(taken_until)s;

-- name: webhook_hears
-- It takes messages again.
-- notes: webhook
UPDATE webhook AS t SET failures = 0, failing_since = NULL, next_at = %(now)s, last_error = ''
WHERE t.code = %(code)s AND t.failures > 0;

-- name: webhook_is_deaf
-- One more that it did not take; one that is deaf for too long is stopped.
-- notes: webhook
UPDATE webhook AS t
SET
    failures = t.failures + 1,
    failing_since = coalesce(t.failing_since, %(now)s),
    next_at = %(now)s
    + make_interval(secs => least(%(wait_max)s, %(wait_min)s * 2.0 ^ least(t.failures, 16))),
    last_error = %(why)s,
    state = CASE
        WHEN %(is_gone)s OR t.failing_since < %(stopped_before)s THEN 'stopped'
        ELSE t.state
    END
WHERE t.code = %(code)s AND t.state = 'active'
RETURNING t.state, t.issuer_id, t.merchant_id;

-- name: add_webhook
-- From now on.
-- notes: webhook
INSERT INTO webhook AS t (
    code, issuer_id, merchant_id, url, events, secret_sealed, state, next_at, made_at, made_by
)
VALUES (
    %(code)s, %(issuer_id)s, %(merchant_id)s, %(url)s, %(events)s, %(sealed)s, 'active', %(now)s,
    %(now)s, %(by)s
);

-- name: edit_webhook
-- What is said of it; it is tried at once.
-- notes: webhook
UPDATE webhook AS t
SET
    url = %(url)s,
    events = %(events)s,
    secret_sealed = coalesce(%(sealed)s, t.secret_sealed),
    state = %(state)s,
    failures = 0,
    failing_since = NULL,
    next_at = %(now)s,
    last_error = ''
WHERE t.code = %(code)s;

-- name: end_webhook
-- For good.
-- notes: webhook
UPDATE webhook AS t SET state = 'ended'
WHERE t.code = %(code)s;

-- name: cancel_messages
-- Nobody hears them any more.
-- notes: webhook_message
UPDATE webhook_message AS t SET state = 'cancelled'
WHERE t.webhook = %(code)s AND t.state = 'queued';

-- name: send_again
-- Those that were taken since then, in their order.
-- notes: webhook_message
UPDATE webhook_message AS t SET state = 'queued', attempts = 0, next_at = %(now)s
WHERE t.webhook = %(code)s AND t.made_at >= %(since)s AND t.state = 'delivered';

-- name: clear_messages
-- Taken long ago.
-- notes: webhook_message
DELETE FROM webhook_message AS t
USING (
    SELECT m.id FROM webhook_message AS m
    WHERE m.state <> 'queued' AND m.made_at < %(before)s
    ORDER BY m.made_at
    LIMIT %(limit)s
) AS o
WHERE t.id = o.id;
