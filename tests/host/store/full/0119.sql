-- A merchant has its spending made of each date and brought beside its files; the house its
-- liabilities of each month, which nobody has asked for yet.

INSERT INTO report_schedule (
    report, every, format, language, merchant_id, store_id, way_form, first_date, set_at, set_by,
    ended_at
) VALUES
(
    'spending', 'day', 'csv', 'zh', 1, 1, 'fixed', '2026-09-30', '2026-09-30 08:00:00+00', 'wu',
    '2026-10-20 08:00:00+00'
),
(
    'liability', 'month', 'pdf', 'en', NULL, NULL, NULL, '2026-09-30', '2026-09-30 08:00:00+00',
    'li', NULL
);

INSERT INTO report_made (
    schedule_id, business_date, name, outcome, rows, content, sha256, made_at
)
SELECT
    s.id,
    d.business_date,
    'report-' || s.id || '-spending.csv',
    'made',
    1,
    'one',
    sha256('one'),
    '2026-10-01 00:10:00+00'
FROM report_schedule AS s
CROSS JOIN business_day AS d
WHERE s.report = 'spending' AND d.business_date = '2026-10-02';

INSERT INTO delivery (
    business_date, name, way_id, state, attempts, next_at, last_error, queued_at, schedule_id
)
SELECT
    r.business_date,
    r.name,
    w.id,
    'queued',
    0,
    '2026-10-03 00:10:00+00',
    '',
    '2026-10-03 00:10:00+00',
    r.schedule_id
FROM report_made AS r
CROSS JOIN delivery_way AS w
WHERE w.form = 'fixed';
