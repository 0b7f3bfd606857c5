-- Days of slots that merchants had, as the night charges them.

-- name: advert_days
-- Those of the date that no end took away, with the accounts between which each is.
SELECT
    b.id AS booking_id,
    b.merchant_id,
    b.issuer_id,
    b.price_minor,
    b.unit,
    owed.id AS owed_account,
    house.id AS house_account
FROM ad_day AS d
INNER JOIN ad_booking AS b ON d.booking_id = b.id
LEFT JOIN ad_end AS e ON b.id = e.booking_id
LEFT JOIN account AS owed
    ON
        owed.chart = 'merchant_payable'
        AND b.merchant_id = owed.merchant_id
        AND b.issuer_id = owed.issuer_id
        AND b.unit = owed.unit
LEFT JOIN account AS house
    ON house.chart = 'house_fees' AND house.issuer_id IS NULL AND b.unit = house.unit
WHERE d.day = %(business_date)s AND (e.ended_on IS NULL OR d.day < e.ended_on)
ORDER BY b.id;

-- name: insert_adverts
-- Each with the journal that it was posted by.
INSERT INTO ad_charge AS t (booking_id, business_date, amount_minor, journal_id)
SELECT
    told.booking_id,
    %(business_date)s,
    told.amount_minor,
    told.journal_id
FROM
    unnest(%(bookings)s::bigint [], %(amounts)s::bigint [], %(journals)s::bigint [])
        AS told (booking_id, amount_minor, journal_id);

-- name: changed_adverts
-- Bookings of which something else was charged or posted for the date than its day costs.
WITH wanted AS (
    SELECT
        b.id AS booking_id,
        b.merchant_id,
        b.issuer_id,
        b.unit,
        b.price_minor AS amount_minor
    FROM ad_day AS d
    INNER JOIN ad_booking AS b ON d.booking_id = b.id
    LEFT JOIN ad_end AS e ON b.id = e.booking_id
    WHERE d.day = %(business_date)s AND (e.ended_on IS NULL OR d.day < e.ended_on)
),

charged AS (
    SELECT
        c.booking_id,
        a.merchant_id,
        a.issuer_id,
        a.unit,
        -m.amount_minor AS amount_minor,
        c.amount_minor AS charged_minor
    FROM ad_charge AS c
    LEFT JOIN movement AS m
        ON
            c.journal_id = m.journal_id
            AND m.shard = %(night_shard)s
            AND m.journal_id >= %(first_number)s
            AND m.journal_id < %(end_number)s
    LEFT JOIN account AS a ON m.account_id = a.id
    WHERE
        c.business_date = %(business_date)s
        AND a.chart IS DISTINCT FROM 'house_fees'
)

SELECT booking_id
FROM wanted
FULL JOIN charged USING (booking_id, merchant_id, issuer_id, unit, amount_minor)
WHERE wanted.amount_minor IS DISTINCT FROM charged.charged_minor
ORDER BY booking_id;

-- name: adverts_by_unit
-- For the step's detail.
SELECT
    b.unit,
    count(*) AS days,
    bigint_sum(c.amount_minor) AS amount_minor
FROM ad_charge AS c
INNER JOIN ad_booking AS b ON c.booking_id = b.id
WHERE c.business_date = %(business_date)s
GROUP BY b.unit
ORDER BY b.unit;

-- name: advert_lines
-- What was to be charged.
SELECT concat_ws('|', b.id, d.slot_id, b.merchant_id, b.issuer_id, b.unit, b.price_minor) AS line
FROM ad_day AS d
INNER JOIN ad_booking AS b ON d.booking_id = b.id
LEFT JOIN ad_end AS e ON b.id = e.booking_id
WHERE d.day = %(business_date)s AND (e.ended_on IS NULL OR d.day < e.ended_on);

-- name: advert_charge_lines
-- What was charged.
SELECT concat_ws('|', booking_id, amount_minor, journal_id) AS line
FROM ad_charge
WHERE business_date = %(business_date)s;
