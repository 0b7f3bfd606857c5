-- Places for advertising, who booked them, and what members see there.

-- name: ad_slots
-- Each place, and the first day on which it is free.
SELECT
    s.code AS slot,
    s.name,
    s.shown_at,
    s.price_minor,
    s.unit,
    free.free_from,
    s.state
FROM ad_slot AS s
LEFT JOIN business_day AS today ON today.state = 'open'
LEFT JOIN LATERAL (
    SELECT today.business_date + told.place AS free_from
    FROM generate_series(1, 367) AS told (place)
    LEFT JOIN LATERAL (
        SELECT e.ended_on IS NULL OR d.day < e.ended_on AS is_taken
        FROM ad_day AS d
        LEFT JOIN ad_end AS e ON e.booking_id = d.booking_id
        WHERE d.slot_id = s.id AND d.day = today.business_date + told.place
        ORDER BY d.day
        LIMIT 1
    ) AS held ON true
    WHERE s.state = 'open' AND held.is_taken IS NOT TRUE
    ORDER BY told.place
    LIMIT 1
) AS free ON true;

-- name: ad_bookings
-- Which days of a place a merchant has, and what it was charged for them so far.
SELECT
    b.id AS booking,
    s.code AS slot,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    b.first_on,
    b.last_on,
    e.ended_on,
    b.title,
    b.advert_text,
    b.price_minor,
    charged.days AS charged_days,
    charged.amount_minor AS charged_minor,
    b.unit,
    b.made_by,
    b.agreed_by,
    b.slot_id,
    b.merchant_id AS of_merchant
FROM ad_booking AS b
INNER JOIN ad_slot AS s ON s.id = b.slot_id
INNER JOIN merchant AS m ON m.id = b.merchant_id
INNER JOIN issuer AS i ON i.id = b.issuer_id
LEFT JOIN ad_end AS e ON e.booking_id = b.id
LEFT JOIN LATERAL (
    SELECT
        count(*) AS days,
        coalesce(sum(c.amount_minor), 0)::bigint AS amount_minor
    FROM ad_charge AS c
    WHERE c.booking_id = b.id
) AS charged ON true;

-- name: adverts
-- What merchants say to members on the open date, and where.
SELECT
    s.code AS slot,
    s.shown_at,
    b.title,
    b.advert_text,
    m.name AS at_merchant
FROM business_day AS today
INNER JOIN ad_day AS d ON d.day = today.business_date
INNER JOIN ad_booking AS b ON b.id = d.booking_id
INNER JOIN ad_slot AS s ON s.id = d.slot_id
INNER JOIN merchant AS m ON m.id = b.merchant_id
LEFT JOIN ad_end AS e ON e.booking_id = b.id
WHERE today.state = 'open' AND (e.ended_on IS NULL OR d.day < e.ended_on);
