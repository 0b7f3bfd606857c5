-- Reports that are made by themselves, as views show them.

-- name: reports
-- Each with what came of it last.
SELECT
    s.id,
    s.report,
    s.every,
    s.format,
    s.language,
    m.merchant_id AS merchant,
    s.store_id AS store,
    s.way_form AS brought_with,
    latest.business_date AS last_date,
    latest.outcome AS report_outcome,
    encode(latest.sha256, 'hex') AS sha256,
    latest.made_at,
    s.set_by,
    s.ended_at IS NULL AS scheduled,
    s.merchant_id AS of_merchant,
    s.store_id AS of_store
FROM report_schedule AS s
LEFT JOIN merchant AS m ON s.merchant_id = m.id
LEFT JOIN LATERAL (
    SELECT
        r.business_date,
        r.outcome,
        r.sha256,
        r.made_at
    FROM report_made AS r
    WHERE r.schedule_id = s.id
    ORDER BY r.business_date DESC
    LIMIT 1
) AS latest ON true;

-- name: reports_made
-- Of one schedule, and how each is brought to its party.
SELECT
    r.business_date,
    r.schedule_id AS schedule,
    r.name,
    r.outcome AS report_outcome,
    r.rows AS lines,
    encode(r.sha256, 'hex') AS sha256,
    r.made_at,
    d.state AS delivery_state,
    d.delivered_at,
    s.merchant_id AS of_merchant,
    s.store_id AS of_store
FROM report_made AS r
INNER JOIN report_schedule AS s ON r.schedule_id = s.id
LEFT JOIN LATERAL (
    SELECT
        sent.state,
        sent.delivered_at
    FROM delivery AS sent
    WHERE sent.business_date = r.business_date AND sent.name = r.name
    ORDER BY sent.way_id
    LIMIT 1
) AS d ON true;
