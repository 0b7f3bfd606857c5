-- What is held back of merchants' dates, and let go.

-- name: lay_out_reserves
-- What is held of the date: a share, by the terms of its day, of what each merchant with terms is
-- to be paid of an issuer; half to even. Laid out before the night's own reserves are lines.
CREATE TEMPORARY TABLE day_reserve ON COMMIT DROP AS
WITH base AS (
    SELECT
        day_sum.merchant_key AS merchant_id,
        day_sum.issuer_key AS issuer_id,
        day_sum.unit,
        bigint_sum(day_sum.amount_minor) AS base_minor
    FROM day_sum
    INNER JOIN issuer ON day_sum.issuer_key = issuer.id AND day_sum.unit = issuer.currency
    WHERE EXISTS (SELECT FROM reserve_terms AS t WHERE t.merchant_id = day_sum.merchant_key)
    GROUP BY day_sum.merchant_key, day_sum.issuer_key, day_sum.unit
    HAVING sum(day_sum.amount_minor) > 0
),

part AS (
    SELECT
        base.*,
        said.id AS terms_id,
        fee_of_worth(base.base_minor, 0, said.millionths, 0, base.base_minor) AS amount_minor,
        %(business_date)s::date + said.held_days AS due_on
    FROM base
    CROSS JOIN
        LATERAL (
            SELECT
                t.id,
                t.millionths,
                t.held_days
            FROM reserve_terms AS t
            WHERE t.merchant_id = base.merchant_id AND t.since <= %(business_date)s
            ORDER BY t.since DESC
            LIMIT 1
        ) AS said
)

SELECT * FROM part
WHERE amount_minor > 0;

-- name: analyze_reserves
-- Joins are planned for the rows that are there.
ANALYZE day_reserve;

-- name: reserves_to_hold
-- With the accounts between which each is.
SELECT
    r.merchant_id,
    r.issuer_id,
    r.unit,
    r.amount_minor,
    owed.id AS owed_account,
    kept.id AS kept_account
FROM day_reserve AS r
LEFT JOIN account AS owed
    ON
        owed.chart = 'merchant_payable'
        AND r.merchant_id = owed.merchant_id
        AND r.issuer_id = owed.issuer_id
        AND r.unit = owed.unit
LEFT JOIN account AS kept
    ON
        kept.chart = 'merchant_reserve'
        AND r.merchant_id = kept.merchant_id
        AND r.issuer_id = kept.issuer_id
        AND r.unit = kept.unit
ORDER BY r.merchant_id, r.issuer_id;

-- name: reserves_due
-- What was held of earlier dates and is due since the night before looked, each with its accounts.
WITH looked AS (
    SELECT s.business_date
    FROM clearing_step AS s
    WHERE s.business_date < %(business_date)s AND s.step = 'reserves'
    ORDER BY s.business_date DESC
    LIMIT 1
)

SELECT
    h.business_date AS of_date,
    h.merchant_id,
    h.issuer_id,
    h.unit,
    h.amount_minor,
    owed.id AS owed_account,
    kept.id AS kept_account
FROM reserve_held AS h
INNER JOIN account AS owed
    ON
        owed.chart = 'merchant_payable'
        AND h.merchant_id = owed.merchant_id
        AND h.issuer_id = owed.issuer_id
        AND h.unit = owed.unit
INNER JOIN account AS kept
    ON
        kept.chart = 'merchant_reserve'
        AND h.merchant_id = kept.merchant_id
        AND h.issuer_id = kept.issuer_id
        AND h.unit = kept.unit
WHERE
    h.due_on <= %(business_date)s
    AND h.due_on > coalesce((SELECT looked.business_date FROM looked), '-infinity')
    AND h.business_date < %(business_date)s
ORDER BY h.merchant_id, h.issuer_id, h.business_date;

-- name: insert_reserves
-- Each with the journal that it was posted by.
INSERT INTO reserve_held AS t (
    business_date, merchant_id, issuer_id, unit, terms_id, base_minor, amount_minor, due_on,
    journal_id
)
SELECT
    %(business_date)s,
    r.merchant_id,
    r.issuer_id,
    r.unit,
    r.terms_id,
    r.base_minor,
    r.amount_minor,
    r.due_on,
    told.journal_id
FROM
    unnest(%(merchants)s::integer [], %(issuers)s::smallint [], %(journals)s::bigint [])
        AS told (merchant_id, issuer_id, journal_id)
INNER JOIN day_reserve AS r
    ON told.merchant_id = r.merchant_id AND told.issuer_id = r.issuer_id;

-- name: insert_releases
-- Each with the journal that let it go.
INSERT INTO reserve_released AS t (
    business_date, merchant_id, issuer_id, released_on, journal_id
)
SELECT
    told.of_date,
    told.merchant_id,
    told.issuer_id,
    %(business_date)s,
    told.journal_id
FROM
    unnest(
        %(dates)s::date [], %(merchants)s::integer [], %(issuers)s::smallint [],
        %(journals)s::bigint []
    ) AS told (of_date, merchant_id, issuer_id, journal_id);

-- name: changed_reserves
-- What is held of the date and is not what the terms say, or the other way round.
WITH kept AS (
    SELECT * FROM reserve_held
    WHERE business_date = %(business_date)s
)

SELECT
    merchant_id,
    issuer_id
FROM kept
FULL JOIN day_reserve
    USING (merchant_id, issuer_id, unit, terms_id, base_minor, amount_minor, due_on)
WHERE kept.journal_id IS NULL OR day_reserve.terms_id IS NULL
ORDER BY merchant_id, issuer_id;

-- name: changed_releases
-- Between whom the date moved something else than is held and let go of.
WITH moved AS (
    SELECT
        a.merchant_id,
        a.issuer_id,
        sum(d.credit_minor - d.debit_minor) AS amount_minor
    FROM account AS a
    INNER JOIN day_account AS d ON a.id = d.account_id
    WHERE a.chart = 'merchant_reserve'
    GROUP BY a.merchant_id, a.issuer_id
),

told AS (
    SELECT
        merchant_id,
        issuer_id,
        sum(amount_minor) AS amount_minor
    FROM (
        SELECT
            h.merchant_id,
            h.issuer_id,
            h.amount_minor
        FROM reserve_held AS h
        WHERE h.business_date = %(business_date)s
        UNION ALL
        SELECT
            h.merchant_id,
            h.issuer_id,
            -h.amount_minor
        FROM reserve_released AS r
        INNER JOIN reserve_held AS h USING (business_date, merchant_id, issuer_id)
        WHERE r.released_on = %(business_date)s
    ) AS each
    GROUP BY merchant_id, issuer_id
)

SELECT
    merchant_id,
    issuer_id
FROM told
FULL JOIN moved USING (merchant_id, issuer_id)
WHERE coalesce(told.amount_minor, 0) <> coalesce(moved.amount_minor, 0)
ORDER BY merchant_id, issuer_id;

-- name: reserved_by_unit
-- For the step's detail.
SELECT
    unit,
    bigint_sum(held_minor) AS held_minor,
    bigint_sum(released_minor) AS released_minor
FROM (
    SELECT
        h.unit,
        h.amount_minor AS held_minor,
        0 AS released_minor
    FROM reserve_held AS h
    WHERE h.business_date = %(business_date)s
    UNION ALL
    SELECT
        h.unit,
        0,
        h.amount_minor
    FROM reserve_released AS r
    INNER JOIN reserve_held AS h USING (business_date, merchant_id, issuer_id)
    WHERE r.released_on = %(business_date)s
) AS each
GROUP BY unit
ORDER BY unit;

-- name: reserve_base_lines
-- Of how much a part was held, by which terms, and what was there to be let go.
SELECT concat_ws('|', merchant_id, issuer_id, unit, terms_id, base_minor) AS line
FROM reserve_held
WHERE business_date = %(business_date)s
UNION ALL
SELECT
    concat_ws('|', to_char(h.business_date, 'YYYY-MM-DD'), h.merchant_id, h.issuer_id, h.due_on)
        AS line
FROM reserve_released AS r
INNER JOIN reserve_held AS h USING (business_date, merchant_id, issuer_id)
WHERE r.released_on = %(business_date)s;

-- name: reserve_lines
-- What was held and let go.
SELECT concat_ws('|', merchant_id, issuer_id, unit, amount_minor, due_on, journal_id) AS line
FROM reserve_held
WHERE business_date = %(business_date)s
UNION ALL
SELECT
    concat_ws('|', to_char(business_date, 'YYYY-MM-DD'), merchant_id, issuer_id, journal_id) AS line
FROM reserve_released
WHERE released_on = %(business_date)s;
