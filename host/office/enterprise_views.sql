-- What views show of enterprises, by their ids.

-- name: enterprises
-- Customers of issuers, and what each may still spend.
SELECT
    e.code AS enterprise,
    e.name,
    e.contact,
    i.institution_id AS issuer,
    e.granted_minor,
    e.spent_minor,
    e.granted_minor - e.spent_minor AS budget_left_minor,
    e.state,
    e.issuer_id AS of_issuer,
    e.id AS of_enterprise
FROM enterprise AS e
INNER JOIN issuer AS i ON e.issuer_id = i.id;

-- name: departments
-- What people of each may redeem, and how many work there.
SELECT
    e.code AS enterprise,
    d.name AS department,
    d.may_goods,
    d.may_services,
    (
        SELECT count(*)
        FROM employee AS s
        WHERE
            s.enterprise_id = d.enterprise_id
            AND s.department = d.name
            AND s.state = 'working'
    ) AS employees,
    d.enterprise_id AS of_enterprise
FROM department AS d
INNER JOIN enterprise AS e ON d.enterprise_id = e.id;

-- name: staff
-- Who works at an enterprise, or did.
SELECT
    e.code AS enterprise,
    s.code AS employee,
    left(s.name, 1) || '*' AS name,
    s.phone_masked AS phone,
    s.department,
    s.grade,
    s.state AS employee_state,
    d.may_goods,
    d.may_services,
    s.enterprise_id AS of_enterprise
FROM employee AS s
INNER JOIN enterprise AS e ON s.enterprise_id = e.id
INNER JOIN department AS d ON s.enterprise_id = d.enterprise_id AND s.department = d.name;

-- name: staff_offers
-- Batches that an enterprise may hand out.
SELECT
    o.id,
    e.code AS enterprise,
    b.code AS batch,
    b.name,
    o.gives,
    o.price_minor,
    coalesce(b.valid_to, v.valid_to) AS valid_to,
    o.state,
    e.issuer_id AS of_issuer,
    e.id AS of_enterprise
FROM enterprise_offer AS o
INNER JOIN enterprise AS e ON o.enterprise_id = e.id
INNER JOIN card_batch AS b ON o.batch_id = b.id
INNER JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version;

-- name: staff_issues
-- What was handed out at once, and how far it is.
SELECT
    i.id AS issue,
    i.name,
    b.code AS batch,
    i.planned,
    i.issued,
    i.refused AS not_issued,
    (
        SELECT count(*)
        FROM staff_voucher AS g
        INNER JOIN card AS c ON g.card_id = c.id
        WHERE g.issue_id = i.id AND c.status IN ('redeemed', 'loaded')
    ) AS redeemed,
    (i.planned - i.refused) * i.price_minor AS cost_minor,
    i.job_id AS job,
    i.made_by,
    i.made_at,
    i.enterprise_id AS of_enterprise
FROM staff_issue AS i
INNER JOIN card_batch AS b ON i.batch_id = b.id;

-- name: staff_vouchers
-- Who has one, and whether it is redeemed: never for what, nor where.
SELECT
    g.issue_id AS issue,
    g.place,
    s.code AS employee,
    left(s.name, 1) || '*' AS name,
    g.department,
    CASE
        WHEN g.state <> 'issued' THEN g.state
        WHEN c.status IN ('redeemed', 'loaded') THEN 'redeemed'
        WHEN c.status IN ('voided', 'expired') THEN c.status
        ELSE 'issued'
    END AS staff_voucher_state,
    g.why,
    g.issued_at,
    g.enterprise_id AS of_enterprise
FROM staff_voucher AS g
INNER JOIN employee AS s ON g.employee_id = s.id
LEFT JOIN card AS c ON g.card_id = c.id;

-- name: staff_report
-- What was handed out in a month to each department, how much of it is redeemed, what it cost, and
-- how many days people took.
SELECT
    i.month,
    g.department,
    count(*) AS issued,
    count(*) FILTER (WHERE c.status IN ('redeemed', 'loaded')) AS redeemed,
    count(*) FILTER (WHERE c.status = 'claimed') AS not_redeemed,
    (100 * count(*) FILTER (WHERE c.status IN ('redeemed', 'loaded')) / count(*))::integer
        AS redeemed_percent,
    sum(i.price_minor)::bigint AS cost_minor,
    round(avg(extract(EPOCH FROM used.at - g.issued_at) / 86400)::numeric, 1)::text AS days_mean,
    i.enterprise_id AS of_enterprise
FROM staff_issue AS i
INNER JOIN staff_voucher AS g ON i.id = g.issue_id AND g.state = 'issued'
INNER JOIN card AS c ON g.card_id = c.id
LEFT JOIN
    LATERAL (
        SELECT max(e.decided_at) AS at
        FROM voucher_use AS u
        INNER JOIN journal AS j ON u.shard = j.shard AND u.journal_id = j.id
        INNER JOIN exchange AS e ON j.home = e.home AND j.slot = e.slot
        WHERE u.voucher_id = c.id AND c.status IN ('redeemed', 'loaded')
    ) AS used
    ON true
GROUP BY i.enterprise_id, i.month, g.department;

-- name: reminders
-- When who has not redeemed is reminded, and how many were.
SELECT
    e.code AS enterprise,
    r.trigger,
    r.days AS reminder_days,
    r.state,
    (
        SELECT count(*)
        FROM staff_reminder AS s
        WHERE
            s.enterprise_id = r.enterprise_id
            AND s.occasion = r.trigger || '/' || r.days
            AND s.state = 'sent'
    ) AS reminded,
    r.saved_by,
    r.saved_at,
    r.enterprise_id AS of_enterprise
FROM reminder AS r
INNER JOIN enterprise AS e ON r.enterprise_id = e.id;

-- name: outbox
-- Texts that wait, and that went.
SELECT
    s.id,
    s.made_at,
    p.code AS employee,
    p.phone_masked AS phone,
    s.issue_id AS issue,
    s.occasion,
    s.state AS text_state,
    s.attempts,
    s.sent_at,
    s.enterprise_id AS of_enterprise
FROM staff_reminder AS s
INNER JOIN staff_voucher AS g ON s.issue_id = g.issue_id AND s.place = g.place
INNER JOIN employee AS p ON g.employee_id = p.id;
