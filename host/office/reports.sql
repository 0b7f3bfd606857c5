-- What a report says of a date, a statement for each of its sections, by the section's name. Each
-- yields the columns that its row of SECTIONS names.

-- name: report_changes
-- What the date came to, and the one before it. What has no unit is a count.
WITH told AS (
    SELECT
        p.business_date,
        sum(p.items) AS transactions,
        sum(p.amount_minor) FILTER (WHERE p.unit = %(unit)s) AS net_minor,
        sum(p.points_earned) AS points_earned
    FROM position_part AS p
    WHERE p.business_date IN (%(business_date)s::date, %(business_date)s::date - 1)
    GROUP BY p.business_date
),

earned AS (
    SELECT
        e.business_date,
        sum(e.fee_minor) AS fee_minor
    FROM (
        SELECT
            p.business_date,
            p.merchant_fee_minor + p.issuer_fee_minor
            - CASE WHEN p.kind = 'advertising' THEN p.amount_minor ELSE 0 END AS fee_minor
        FROM position_part AS p
        WHERE
            p.business_date IN (%(business_date)s::date, %(business_date)s::date - 1)
            AND p.unit = %(unit)s
        UNION ALL
        SELECT
            a.business_date,
            CASE a.act WHEN 'fee' THEN a.amount_minor ELSE -a.amount_minor END AS fee_minor
        FROM alliance_settlement AS a
        WHERE
            a.business_date IN (%(business_date)s::date, %(business_date)s::date - 1)
            AND a.unit = %(unit)s
            AND a.act IN ('fee', 'share')
    ) AS e
    GROUP BY e.business_date
)

SELECT
    asked.figure AS report_figure,
    coalesce(today.figure, 0)::bigint AS today_minor,
    coalesce(before.figure, 0)::bigint AS before_minor,
    (coalesce(today.figure, 0) - coalesce(before.figure, 0))::bigint AS change_minor,
    asked.unit
FROM (
    VALUES
    (1, 'transactions', ''), (2, 'net_minor', %(unit)s), (3, 'fee_income', %(unit)s),
    (4, 'points_earned', '')
) AS asked (place, figure, unit)
LEFT JOIN LATERAL (
    SELECT
        CASE asked.figure
            WHEN 'transactions' THEN t.transactions
            WHEN 'net_minor' THEN t.net_minor
            WHEN 'fee_income' THEN e.fee_minor
            ELSE t.points_earned
        END AS figure
    FROM told AS t
    LEFT JOIN earned AS e ON t.business_date = e.business_date
    WHERE t.business_date = %(business_date)s
) AS today ON true
LEFT JOIN LATERAL (
    SELECT
        CASE asked.figure
            WHEN 'transactions' THEN t.transactions
            WHEN 'net_minor' THEN t.net_minor
            WHEN 'fee_income' THEN e.fee_minor
            ELSE t.points_earned
        END AS figure
    FROM told AS t
    LEFT JOIN earned AS e ON t.business_date = e.business_date
    WHERE t.business_date = %(business_date)s::date - 1
) AS before ON true
ORDER BY asked.place;

-- name: report_kinds
-- What was traded, by kind and unit.
SELECT
    p.kind,
    sum(p.items)::bigint AS transactions,
    sum(p.amount_minor)::bigint AS net_minor,
    p.unit
FROM position_part AS p
WHERE p.business_date = %(business_date)s
GROUP BY p.kind, p.unit
ORDER BY p.unit, p.kind;

-- name: report_merchants
-- Who is owed most of the date.
SELECT
    m.merchant_id AS merchant,
    sum(p.items)::bigint AS transactions,
    sum(p.amount_minor)::bigint AS net_minor,
    sum(p.merchant_fee_minor)::bigint AS merchant_fee_minor,
    p.unit
FROM position_part AS p
INNER JOIN merchant AS m ON p.merchant_id = m.id
WHERE p.business_date = %(business_date)s AND p.unit = %(unit)s
GROUP BY m.merchant_id, p.unit
ORDER BY sum(p.amount_minor) DESC, m.merchant_id ASC
LIMIT %(rows_max)s;

-- name: report_unsettled
-- Dates up to this one that are not released, and what is paid of them.
SELECT
    s.business_date,
    s.state AS day_state,
    coalesce(owed.payable_minor, 0) AS payable_minor,
    %(unit)s::text AS unit
FROM day_state AS s
LEFT JOIN clearing_payable AS owed
    ON s.business_date = owed.business_date AND owed.unit = %(unit)s
WHERE s.business_date <= %(business_date)s AND s.state <> 'released'
ORDER BY s.business_date DESC
LIMIT %(rows_max)s;

-- name: report_exceptions
-- What is unexplained, by how many days it has been: cases, and differences from what others say.
WITH unexplained AS (
    SELECT
        c.opened_at,
        c.amount_minor,
        c.unit
    FROM exception_case AS c
    WHERE c.resolved_at IS NULL AND c.kind <> all(%(notices)s::text [])
    UNION ALL
    SELECT
        i.opened_at,
        abs(i.theirs_minor - i.ours_minor) AS amount_minor,
        i.unit
    FROM recon_item AS i
    WHERE i.answer IS NULL
)

SELECT
    age.days AS age_days,
    count(u.opened_at) AS cases,
    coalesce(sum(u.amount_minor) FILTER (WHERE u.unit = %(unit)s), 0)::bigint AS at_stake_minor,
    %(unit)s::text AS unit
FROM (
    VALUES ('0-1', 0, 2), ('2-7', 2, 8), ('8-30', 8, 31), ('31+', 31, 1000000)
) AS age (days, first, last)
LEFT JOIN unexplained AS u
    ON
        u.opened_at <= %(now)s::timestamptz - age.first * interval '24 hours'
        AND u.opened_at > %(now)s::timestamptz - age.last * interval '24 hours'
GROUP BY age.days, age.first
ORDER BY age.first
LIMIT %(rows_max)s;

-- name: report_fees
-- What the house has earned of the dates, by who pays and for what: of transactions, of places for
-- advertising, and of points of alliances the fee less what of it is the issuer's.
WITH earned AS (
    SELECT
        paid.payer,
        p.kind,
        paid.fee_minor,
        p.unit
    FROM position_part AS p
    CROSS JOIN
        LATERAL (
            VALUES
            ('merchant', p.merchant_fee_minor),
            ('issuer', p.issuer_fee_minor),
            ('merchant', CASE WHEN p.kind = 'advertising' THEN -p.amount_minor ELSE 0 END)
        ) AS paid (payer, fee_minor)
    WHERE p.business_date BETWEEN %(first_date)s AND %(business_date)s
    UNION ALL
    SELECT
        CASE a.act WHEN 'fee' THEN 'merchant' ELSE 'issuer' END AS payer,
        'alliance_settlement' AS kind,
        CASE a.act WHEN 'fee' THEN a.amount_minor ELSE -a.amount_minor END AS fee_minor,
        a.unit
    FROM alliance_settlement AS a
    WHERE
        a.business_date BETWEEN %(first_date)s AND %(business_date)s
        AND a.act IN ('fee', 'share')
)

SELECT
    e.payer,
    e.kind,
    sum(e.fee_minor)::bigint AS fee_income,
    e.unit
FROM earned AS e
WHERE e.fee_minor <> 0
GROUP BY e.payer, e.kind, e.unit
ORDER BY e.payer, e.kind, e.unit
LIMIT %(rows_max)s;

-- name: report_liability
-- What is owed on cards as they are now, by issuer, unit and the month in which they expire.
SELECT
    i.institution_id AS issuer,
    to_char(coalesce(c.valid_to, to_date(c.expiry, 'YYMM')), 'YYYY-MM') AS month,
    count(*) AS cards,
    sum(u.posted_minor)::bigint AS outstanding_minor,
    u.unit
FROM purse AS u
INNER JOIN card AS c ON u.shard = c.shard AND u.card_id = c.id
INNER JOIN issuer AS i ON c.issuer_id = i.id
WHERE u.posted_minor <> 0
GROUP BY
    i.institution_id,
    to_char(coalesce(c.valid_to, to_date(c.expiry, 'YYMM')), 'YYYY-MM'),
    u.unit
ORDER BY i.institution_id, u.unit, month
LIMIT %(rows_max)s;

-- name: report_spent
-- What merchants took and gave back, by store, kind and unit; a mean is of what is counted.
SELECT
    m.merchant_id AS merchant,
    coalesce(p.store_id::text, '-') AS store,
    p.kind,
    sum(p.items)::bigint AS transactions,
    sum(p.amount_minor)::bigint AS net_minor,
    round(sum(p.amount_minor) / sum(p.items))::bigint AS mean_minor,
    p.unit
FROM position_part AS p
INNER JOIN merchant AS m ON p.merchant_id = m.id
WHERE
    p.business_date BETWEEN %(first_date)s AND %(business_date)s
    AND (%(merchant_id)s::integer IS NULL OR p.merchant_id = %(merchant_id)s)
    AND (%(store_id)s::integer IS NULL OR p.store_id = %(store_id)s)
GROUP BY m.merchant_id, p.store_id, p.kind, p.unit
ORDER BY m.merchant_id, p.store_id, p.unit, p.kind
LIMIT %(rows_max)s;

-- name: report_redeemed
-- Points that sales gave, of the issuer's own programme, and those that were taken for goods. Those
-- of two programmes make no sum.
SELECT
    m.merchant_id AS merchant,
    coalesce(p.store_id::text, '-') AS store,
    of_unit.programme,
    sum(of_unit.points_earned)::bigint AS points_earned,
    sum(of_unit.points_taken)::bigint AS points_taken
FROM position_part AS p
INNER JOIN merchant AS m ON p.merchant_id = m.id
LEFT JOIN programme
    ON
        p.issuer_id = programme.issuer_id
        AND programme.is_primary
        AND programme.alliance_id IS NULL
CROSS JOIN
    LATERAL (
        VALUES
        (coalesce(programme.code, '-'), p.points_earned, 0),
        (substr(p.unit, 3), 0, CASE WHEN p.unit LIKE 'P:%%' THEN p.amount_minor ELSE 0 END)
    ) AS of_unit (programme, points_earned, points_taken)
WHERE
    p.business_date BETWEEN %(first_date)s AND %(business_date)s
    AND (%(merchant_id)s::integer IS NULL OR p.merchant_id = %(merchant_id)s)
    AND (%(store_id)s::integer IS NULL OR p.store_id = %(store_id)s)
    AND (of_unit.points_earned <> 0 OR of_unit.points_taken <> 0)
GROUP BY m.merchant_id, p.store_id, of_unit.programme
ORDER BY m.merchant_id, p.store_id, of_unit.programme
LIMIT %(rows_max)s;

-- name: report_parties
-- Between whom a statement is.
SELECT
    party.side,
    party.number,
    party.name
FROM settlement_statement AS s
INNER JOIN merchant AS m ON s.merchant_id = m.id
INNER JOIN issuer AS i ON s.issuer_id = i.id
CROSS JOIN
    LATERAL (
        VALUES (1, 'merchant', m.merchant_id, m.name), (2, 'issuer', i.institution_id, i.name)
    ) AS party (place, side, number, name)
WHERE s.business_date = %(business_date)s AND s.place = %(place)s
ORDER BY party.place;

-- name: report_figures
-- What a statement comes to. What has no unit is a count.
SELECT
    told.figure AS report_figure,
    told.amount_minor,
    told.unit
FROM settlement_statement AS s
INNER JOIN statement_due AS due ON s.business_date = due.business_date AND s.place = due.place
CROSS JOIN
    LATERAL (
        VALUES
        (1, 'transactions', s.items, ''),
        (2, 'turnover_minor', s.turnover_minor, s.unit),
        (3, 'returned_minor', s.returned_minor, s.unit),
        (4, 'alliance_minor', s.alliance_minor, s.unit),
        (5, 'corrected_minor', s.corrected_minor, s.unit),
        (6, 'reserved_minor', s.reserved_minor, s.unit),
        (7, 'advertised_minor', s.advertised_minor, s.unit),
        (8, 'payable_minor', s.payable_minor, s.unit),
        (9, 'held_out_minor', -due.held_minor, s.unit),
        (10, 'due_minor', due.due_minor, s.unit),
        (11, 'merchant_fee_minor', s.merchant_fee_minor, s.unit),
        (12, 'issuer_fee_minor', s.issuer_fee_minor, s.unit),
        (13, 'points_taken', s.points_taken, ''),
        (14, 'points_earned', s.points_earned, '')
    ) AS told (place, figure, amount_minor, unit)
WHERE s.business_date = %(business_date)s AND s.place = %(place)s
ORDER BY told.place;

-- name: report_sold
-- The parts of a statement by kind and unit.
SELECT
    p.kind,
    sum(p.items)::bigint AS transactions,
    sum(p.amount_minor)::bigint AS net_minor,
    sum(p.points_earned)::bigint AS points_earned,
    sum(p.merchant_fee_minor)::bigint AS merchant_fee_minor,
    sum(p.issuer_fee_minor)::bigint AS issuer_fee_minor,
    p.unit
FROM settlement_statement AS s
INNER JOIN position_part AS p
    ON
        s.business_date = p.business_date
        AND s.merchant_id = p.merchant_id
        AND s.issuer_id = p.issuer_id
WHERE s.business_date = %(business_date)s AND s.place = %(place)s
GROUP BY p.unit, p.kind
ORDER BY p.unit, p.kind;

-- name: report_stores
-- And by store; what is of none has none.
SELECT
    coalesce(p.store_id::text, '-') AS store,
    p.kind,
    sum(p.items)::bigint AS transactions,
    sum(p.amount_minor)::bigint AS net_minor,
    sum(p.merchant_fee_minor)::bigint AS merchant_fee_minor,
    p.unit
FROM settlement_statement AS s
INNER JOIN position_part AS p
    ON
        s.business_date = p.business_date
        AND s.merchant_id = p.merchant_id
        AND s.issuer_id = p.issuer_id
WHERE s.business_date = %(business_date)s AND s.place = %(place)s
GROUP BY p.store_id, p.unit, p.kind
ORDER BY p.store_id, p.unit, p.kind;

-- name: report_shares
-- What points of alliances cost and brought, by programme and what each leg was for.
SELECT
    a.programme,
    a.act,
    sum(a.points)::bigint AS points,
    sum(a.amount_minor)::bigint AS net_minor,
    a.unit
FROM settlement_statement AS s
INNER JOIN alliance_settlement AS a
    ON
        s.business_date = a.business_date
        AND s.merchant_id = a.merchant_id
        AND s.issuer_id = a.issuer_id
WHERE s.business_date = %(business_date)s AND s.place = %(place)s
GROUP BY a.programme, a.act, a.unit
ORDER BY a.programme, a.act, a.unit;

-- name: report_disputed
-- Rows of a statement that a side does not take, and what was said to that.
SELECT
    h.side,
    rrn_of(h.journal_id) AS rrn,
    h.amount_minor AS net_minor,
    h.held_minor AS held_out_minor,
    CASE WHEN a.is_upheld THEN 'uphold' WHEN NOT a.is_upheld THEN 'reject' ELSE 'open' END
        AS verdict,
    d.why AS note,
    s.unit
FROM settlement_statement AS s
INNER JOIN statement_dispute AS d ON s.business_date = d.business_date AND s.place = d.place
INNER JOIN statement_held AS h
    ON d.business_date = h.business_date AND d.place = h.place AND d.side = h.side
LEFT JOIN statement_answer AS a
    ON d.business_date = a.business_date AND d.place = a.place AND d.side = a.side
WHERE s.business_date = %(business_date)s AND s.place = %(place)s
ORDER BY h.side DESC, h.journal_id ASC;

-- name: report_given_back
-- Of which statements a correction in it gives rows back.
SELECT
    concat_ws('-', to_char(c.business_date, 'YYYYMMDD'), c.place, c.side) AS settlement,
    rrn_of(h.journal_id) AS rrn,
    -h.amount_minor AS corrected_minor,
    h.held_minor AS held_out_minor,
    s.unit
FROM settlement_statement AS s
INNER JOIN statement_correction AS c ON s.business_date = c.corrected_on
INNER JOIN settlement_statement AS before
    ON
        c.business_date = before.business_date
        AND c.place = before.place
        AND s.merchant_id = before.merchant_id
        AND s.issuer_id = before.issuer_id
INNER JOIN statement_held AS h
    ON c.business_date = h.business_date AND c.place = h.place AND c.side = h.side
WHERE s.business_date = %(business_date)s AND s.place = %(place)s
ORDER BY c.business_date, c.place, c.side, h.journal_id;
