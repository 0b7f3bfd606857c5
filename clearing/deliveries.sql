-- Files on their way to whom they are for.

-- name: queue_deliveries
-- A date that is handed out is brought to each who has a way: one for each form, the one said last.
-- notes: delivery
INSERT INTO delivery AS t (
    business_date, name, way_id, state, attempts, next_at, last_error, queued_at
)
SELECT
    f.business_date,
    f.name,
    w.id,
    'queued',
    0,
    now(),
    '',
    now()
FROM delivery_way_now AS w
LEFT JOIN merchant AS m ON w.merchant_id = m.id
LEFT JOIN issuer AS i ON w.issuer_id = i.id
INNER JOIN clearing_file AS f
    ON
        f.business_date = %(business_date)s
        AND f.side = CASE WHEN w.merchant_id IS NULL THEN 'issuer' ELSE 'merchant' END
        AND f.party = coalesce(m.merchant_id, i.institution_id)
ON CONFLICT ON CONSTRAINT delivery_once DO NOTHING;

-- name: take_deliveries
-- What is due, for who takes it and for so long: killed, they leave it to the next.
-- notes: delivery
UPDATE delivery AS t
SET attempts = t.attempts + 1, next_at = %(until)s
FROM (
    SELECT
        d.business_date,
        d.name,
        d.way_id
    FROM delivery AS d
    WHERE d.state IN ('queued', 'sent') AND d.next_at <= %(now)s
    ORDER BY d.next_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
) AS due
WHERE t.business_date = due.business_date AND t.name = due.name AND t.way_id = due.way_id
RETURNING t.business_date, t.name, t.way_id;

-- name: taken_deliveries
-- What was taken, with where it goes.
SELECT
    d.business_date,
    d.name,
    d.way_id,
    d.state,
    d.attempts,
    d.next_at AS taken_until,
    d.sha256 AS sent_sha256,
    d.delivered_at,
    coalesce(f.items, r.rows) AS items,
    coalesce(f.sha256, r.sha256) AS sha256,
    w.form,
    w.directory,
    w.host,
    w.port,
    w.login,
    w.host_key,
    w.is_acknowledged,
    d.schedule_id
FROM
    unnest(%(names)s::text [], %(ways)s::integer [], %(dates)s::date [])
        AS taken (name, way_id, business_date)
INNER JOIN delivery AS d
    ON
        taken.business_date = d.business_date
        AND taken.name = d.name
        AND taken.way_id = d.way_id
LEFT JOIN clearing_file AS f ON d.business_date = f.business_date AND d.file_name = f.name
LEFT JOIN report_made AS r
    ON d.schedule_id = r.schedule_id AND d.business_date = r.business_date
INNER JOIN delivery_way AS w ON d.way_id = w.id;

-- name: report_to_bring
-- As it was made and kept.
SELECT r.content
FROM report_made AS r
WHERE r.schedule_id = %(schedule_id)s AND r.business_date = %(business_date)s;

-- name: record_sent
-- It is there whole: the end, or to be acknowledged.
-- notes: delivery
UPDATE delivery AS t
SET
    state = CASE WHEN %(is_acknowledged)s THEN 'sent' ELSE 'delivered' END,
    attempts = 0,
    next_at = %(next_at)s,
    last_error = '',
    size_bytes = %(size_bytes)s,
    sha256 = %(sha256)s,
    delivered_at = %(now)s
WHERE
    t.business_date = %(business_date)s
    AND t.name = %(name)s
    AND t.way_id = %(way_id)s
    AND t.state = 'queued'
    AND t.next_at = %(taken_until)s;

-- name: record_acknowledged
-- Who it is for says that they have it.
-- notes: delivery
UPDATE delivery AS t
SET state = 'acknowledged', last_error = '', acknowledged_at = %(now)s
WHERE
    t.business_date = %(business_date)s
    AND t.name = %(name)s
    AND t.way_id = %(way_id)s
    AND t.state = 'sent'
    AND t.next_at = %(taken_until)s;

-- name: record_not_delivered
-- It is tried again, or given up; a retry or a cancelling in between stays as it is.
-- notes: delivery
UPDATE delivery AS t
SET
    state = CASE WHEN %(is_over)s THEN 'failed' ELSE t.state END,
    next_at = %(next_at)s,
    last_error = %(last_error)s
WHERE
    t.business_date = %(business_date)s
    AND t.name = %(name)s
    AND t.way_id = %(way_id)s
    AND t.state IN ('queued', 'sent')
    AND t.next_at = %(taken_until)s;
