-- The audit's questions about what merchants book of slots. As in audit.sql, each statement gives
-- the rows that break its rule.

-- name: advert_not_its_journal
-- Each charge is one journal of its date between the two whose booking it is, from what is owed to
-- the house; and nothing else is posted so.
WITH told AS (
    SELECT
        c.journal_id,
        c.business_date,
        b.merchant_id,
        b.issuer_id,
        b.unit,
        c.amount_minor
    FROM ad_charge AS c
    LEFT JOIN ad_booking AS b ON c.booking_id = b.id
),

posted AS (
    SELECT
        j.id AS journal_id,
        j.business_date,
        j.merchant_id,
        j.issuer_id,
        j.unit,
        sum(e.amount_minor)::bigint AS amount_minor
    FROM journal AS j
    INNER JOIN entry AS e ON j.shard = e.shard AND j.id = e.journal_id
    INNER JOIN account AS owed
        ON
            e.debit_account = owed.id
            AND owed.chart = 'merchant_payable'
            AND j.merchant_id = owed.merchant_id
            AND j.issuer_id = owed.issuer_id
    WHERE j.kind = 'advertising'
    GROUP BY j.id, j.business_date, j.merchant_id, j.issuer_id, j.unit
)

SELECT
    journal_id,
    coalesce(told.business_date, posted.business_date) AS business_date,
    coalesce(told.unit, posted.unit) AS unit,
    told.amount_minor AS told_minor,
    posted.amount_minor AS posted_minor
FROM told
FULL JOIN posted USING (journal_id)
WHERE
    (
        told.business_date, told.merchant_id, told.issuer_id, told.unit, told.amount_minor
    ) IS DISTINCT FROM (
        posted.business_date, posted.merchant_id, posted.issuer_id, posted.unit,
        posted.amount_minor
    )
ORDER BY journal_id
LIMIT %(limit)s;

-- name: advert_not_its_day
-- A charge is what the booking says a day costs, of a day that was its own and had not ended; and
-- each such day of a date whose night charges is charged.
WITH wanted AS (
    SELECT
        d.booking_id,
        d.day AS business_date,
        b.price_minor,
        b.unit,
        step.step IS NOT NULL AS is_due
    FROM ad_day AS d
    INNER JOIN ad_booking AS b ON d.booking_id = b.id
    LEFT JOIN ad_end AS e ON b.id = e.booking_id
    LEFT JOIN clearing_step AS step ON d.day = step.business_date AND step.step = 'adverts'
    WHERE e.ended_on IS NULL OR d.day < e.ended_on
)

SELECT
    booking_id,
    business_date,
    wanted.unit,
    wanted.price_minor,
    c.amount_minor AS charged_minor
FROM wanted
FULL JOIN ad_charge AS c USING (booking_id, business_date)
WHERE
    wanted.price_minor IS DISTINCT FROM c.amount_minor
    AND (c.amount_minor IS NOT NULL OR wanted.is_due)
ORDER BY business_date, booking_id
LIMIT %(limit)s;

-- name: advert_day_not_booked
-- Days of a slot are those of bookings of it; and each day of a booking that has not ended is its.
WITH wanted AS (
    SELECT
        b.slot_id,
        b.id AS booking_id,
        b.first_on + told.place AS day,
        e.ended_on IS NOT NULL AND b.first_on + told.place >= e.ended_on AS is_over
    FROM ad_booking AS b
    CROSS JOIN LATERAL generate_series(0, b.last_on - b.first_on) AS told (place)
    LEFT JOIN ad_end AS e ON b.id = e.booking_id
)

SELECT
    slot_id,
    day,
    d.booking_id,
    wanted.booking_id AS booked_by
FROM wanted
FULL JOIN ad_day AS d USING (slot_id, day, booking_id)
WHERE wanted.slot_id IS NULL OR (d.slot_id IS NULL AND NOT wanted.is_over)
ORDER BY day, slot_id
LIMIT %(limit)s;
