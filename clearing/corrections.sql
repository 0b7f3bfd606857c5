-- What was upheld of disputed statements, as the next night gives it back.

-- name: upheld
-- Rows of earlier dates that were upheld and that no night has given back, with the accounts
-- between which each is: advertising comes back from the house that had it, all else from the
-- issuer's suspense. The night before has seen what was answered before its date; what was answered
-- on it may have come when that had looked.
WITH looked AS (
    SELECT s.business_date
    FROM clearing_step AS s
    WHERE s.business_date < %(business_date)s AND s.step = 'corrections'
    ORDER BY s.business_date DESC
    LIMIT 1
)

SELECT
    h.business_date,
    h.place,
    h.side,
    h.amount_minor,
    s.merchant_id,
    s.issuer_id,
    s.unit,
    owed.id AS owed_account,
    CASE WHEN advert.id IS NULL THEN suspense.id ELSE house.id END AS other_account
FROM statement_answer AS a
INNER JOIN settlement_statement AS s ON a.business_date = s.business_date AND a.place = s.place
INNER JOIN statement_held AS h
    ON a.business_date = h.business_date AND a.place = h.place AND a.side = h.side
LEFT JOIN account AS owed
    ON
        owed.chart = 'merchant_payable'
        AND s.merchant_id = owed.merchant_id
        AND s.issuer_id = owed.issuer_id
        AND s.unit = owed.unit
LEFT JOIN account AS suspense
    ON
        suspense.chart = 'suspense'
        AND suspense.merchant_id IS NULL
        AND s.issuer_id = suspense.issuer_id
        AND s.unit = suspense.unit
LEFT JOIN journal AS advert
    ON
        h.journal_id = advert.id
        AND advert.shard = %(night_shard)s
        AND advert.kind = 'advertising'
LEFT JOIN account AS house
    ON house.chart = 'house_fees' AND house.issuer_id IS NULL AND s.unit = house.unit
WHERE
    a.is_upheld
    AND a.answered_on >= coalesce((SELECT looked.business_date FROM looked), '-infinity')
    AND a.business_date < %(business_date)s
    AND NOT EXISTS (
        SELECT FROM statement_correction AS c
        WHERE c.business_date = a.business_date AND c.place = a.place AND c.side = a.side
    )
ORDER BY h.business_date, h.place, h.side, h.journal_id;

-- name: insert_corrections
-- Each with the journal that it was posted by.
INSERT INTO statement_correction AS t (business_date, place, side, corrected_on, journal_id)
SELECT
    told.business_date,
    told.place,
    told.side,
    %(business_date)s::date,
    told.journal_id
FROM
    unnest(
        %(dates)s::date [], %(places)s::integer [], %(sides)s::text [], %(journals)s::bigint []
    ) AS told (business_date, place, side, journal_id);

-- name: changed_corrections
-- Disputes whose correction on the date did not move what their rows had moved, back.
WITH posted AS (
    SELECT
        c.business_date,
        c.place,
        c.side,
        sum(m.amount_minor) AS amount_minor
    FROM statement_correction AS c
    INNER JOIN settlement_statement AS s ON c.business_date = s.business_date AND c.place = s.place
    INNER JOIN account AS owed
        ON
            owed.chart = 'merchant_payable'
            AND s.merchant_id = owed.merchant_id
            AND s.issuer_id = owed.issuer_id
            AND s.unit = owed.unit
    INNER JOIN movement AS m
        ON
            c.journal_id = m.journal_id
            AND m.shard = %(night_shard)s
            AND owed.id = m.account_id
    WHERE
        c.corrected_on = %(business_date)s
        AND c.journal_id >= %(first_number)s
        AND c.journal_id < %(end_number)s
    GROUP BY c.business_date, c.place, c.side
),

upheld AS (
    SELECT
        c.business_date,
        c.place,
        c.side,
        s.unit,
        coalesce(bool_or(a.is_upheld), false) AS is_upheld,
        coalesce(sum(h.amount_minor), 0) AS amount_minor
    FROM statement_correction AS c
    INNER JOIN settlement_statement AS s ON c.business_date = s.business_date AND c.place = s.place
    LEFT JOIN statement_answer AS a
        ON c.business_date = a.business_date AND c.place = a.place AND c.side = a.side
    LEFT JOIN statement_held AS h
        ON c.business_date = h.business_date AND c.place = h.place AND c.side = h.side
    WHERE c.corrected_on = %(business_date)s
    GROUP BY c.business_date, c.place, c.side, s.unit
)

SELECT
    upheld.business_date AS of_date,
    upheld.place,
    upheld.unit,
    upheld.amount_minor::bigint AS amount_minor
FROM upheld
LEFT JOIN posted
    ON
        upheld.business_date = posted.business_date
        AND upheld.place = posted.place
        AND upheld.side = posted.side
WHERE NOT upheld.is_upheld OR -upheld.amount_minor IS DISTINCT FROM posted.amount_minor
ORDER BY upheld.business_date, upheld.place, upheld.side;

-- name: count_corrections
-- For the step's detail.
SELECT count(*) AS corrections
FROM statement_correction
WHERE corrected_on = %(business_date)s;

-- name: upheld_lines
-- What there was to give back, of what a night has given back.
SELECT
    concat_ws(
        '|', to_char(h.business_date, 'YYYY-MM-DD'), h.place, h.side, h.journal_id, h.amount_minor
    ) AS line
FROM statement_correction AS c
INNER JOIN statement_held AS h
    ON c.business_date = h.business_date AND c.place = h.place AND c.side = h.side
WHERE c.corrected_on = %(business_date)s;

-- name: correction_lines
-- What was given back.
SELECT concat_ws('|', to_char(business_date, 'YYYY-MM-DD'), place, side, journal_id) AS line
FROM statement_correction
WHERE corrected_on = %(business_date)s;
