-- Reports that are made by themselves: which, what came of each, and how it goes to a party.

-- name: add_schedule
-- From the open date on.
-- notes: report_schedule
INSERT INTO report_schedule AS t (
    report, every, format, language, merchant_id, store_id, way_form, first_date, set_at, set_by
)
VALUES (
    %(report)s, %(every)s, %(format)s, %(language)s, %(merchant_id)s, %(store_id)s, %(way_form)s,
    %(first_date)s, %(now)s, %(set_by)s
)
RETURNING t.id;

-- name: end_schedule
-- What was made stays.
-- notes: report_schedule
UPDATE report_schedule AS t
SET ended_at = %(now)s
WHERE t.id = %(schedule)s AND t.ended_at IS NULL;

-- name: has_way
-- Whether a merchant has its files brought in a form.
SELECT
    exists(
        SELECT FROM delivery_way_now AS w
        WHERE w.merchant_id = %(merchant_id)s AND w.form = %(way_form)s
    );

-- name: due_reports
-- The earliest date that was reckoned after the last one of each schedule: so what is late comes in
-- order. Who makes them holds their schedules.
SELECT
    s.id AS schedule_id,
    s.report,
    s.every,
    s.format,
    s.language,
    s.merchant_id,
    s.store_id,
    s.way_form,
    due.business_date
FROM report_schedule AS s
CROSS JOIN
    LATERAL (
        SELECT t.business_date
        FROM clearing_step AS t
        WHERE
            t.step = 'net'
            AND t.business_date >= s.first_date
            AND t.business_date > coalesce(
                (SELECT max(m.business_date) FROM report_made AS m WHERE m.schedule_id = s.id),
                '-infinity'::date
            )
            AND (s.every = 'day' OR extract(DAY FROM t.business_date + 1) = 1)
        ORDER BY t.business_date
        LIMIT 1
    ) AS due
WHERE s.ended_at IS NULL
ORDER BY due.business_date, s.id
LIMIT %(limit)s
FOR UPDATE OF s SKIP LOCKED;

-- name: keep_report
-- Once for each last date, whoever else makes it at the same time.
-- notes: report_made
INSERT INTO report_made AS t (
    schedule_id, business_date, name, outcome, rows, content, sha256, made_at
)
VALUES (
    %(schedule_id)s, %(business_date)s, %(name)s, %(outcome)s, %(rows)s, %(content)s, %(sha256)s,
    %(now)s
)
ON CONFLICT ON CONSTRAINT report_made_once DO NOTHING;

-- name: queue_report
-- Along the way that was said last; where it is over since, a report is only kept.
-- notes: delivery
INSERT INTO delivery AS t (
    business_date, name, way_id, state, attempts, next_at, last_error, queued_at, schedule_id
)
SELECT
    %(business_date)s,
    %(name)s,
    w.id,
    'queued',
    0,
    %(now)s,
    '',
    %(now)s,
    %(schedule_id)s
FROM delivery_way_now AS w
WHERE w.merchant_id = %(merchant_id)s AND w.form = %(way_form)s;

-- name: made_report
-- What was made for a date.
SELECT
    m.outcome,
    m.content
FROM report_made AS m
WHERE m.schedule_id = %(schedule)s AND m.business_date = %(business_date)s;
