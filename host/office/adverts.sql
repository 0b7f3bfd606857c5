-- Places for advertising, and days of them that merchants book.

-- name: add_ad_slot
-- A new place, at its price a day.
-- notes: ad_slot
INSERT INTO ad_slot AS t (code, shown_at, name, price_minor, unit, state, set_by, set_at)
VALUES (
    %(code)s, %(shown_at)s, %(name)s, %(price_minor)s, %(unit)s, %(state)s, %(by)s, %(now)s
);

-- name: edit_ad_slot
-- What is said of it, whole: for whoever books from now on.
-- notes: ad_slot
UPDATE ad_slot AS t
SET
    shown_at = %(shown_at)s,
    name = %(name)s,
    price_minor = %(price_minor)s,
    state = %(state)s,
    set_by = %(by)s,
    set_at = %(now)s
WHERE t.code = %(code)s;

-- name: ad_slot_open
-- A place that may be booked, by its code, and what a day of it costs.
SELECT
    id,
    price_minor,
    unit
FROM ad_slot
WHERE code = %(slot)s AND state = 'open';

-- name: taken_in_settlement
-- The issuer in whose settlement with a merchant something in a currency can be taken.
SELECT i.id
FROM issuer AS i
INNER JOIN acceptance AS a ON i.id = a.issuer_id
WHERE
    i.institution_id = %(issuer)s
    AND i.currency = %(unit)s
    AND a.merchant_id = %(merchant_id)s;

-- name: add_ad_booking
-- What a day costs stays as it was when it was booked.
-- notes: ad_booking
INSERT INTO ad_booking AS t (
    slot_id, merchant_id, issuer_id, first_on, last_on, title, advert_text, price_minor, unit,
    made_by, agreed_by, made_at
)
VALUES (
    %(slot_id)s, %(merchant_id)s, %(issuer_id)s, %(first_on)s, %(last_on)s, %(title)s,
    %(advert_text)s, %(price_minor)s, %(unit)s, %(by)s, %(agreed_by)s, %(now)s
)
RETURNING t.id;

-- name: take_ad_days
-- Days that are nobody's, or whose booking had ended before them; gives those that it took.
-- notes: ad_day
INSERT INTO ad_day AS t (slot_id, day, booking_id)
SELECT
    %(slot_id)s::integer,
    %(first_on)s::date + told.place,
    %(booking)s::bigint
FROM generate_series(0, %(last_on)s::date - %(first_on)s::date) AS told (place)
ORDER BY told.place
ON CONFLICT ON CONSTRAINT ad_day_once DO UPDATE
    SET booking_id = excluded.booking_id
    WHERE EXISTS (
        SELECT FROM ad_end AS e
        WHERE e.booking_id = t.booking_id AND e.ended_on <= t.day  -- noqa: RF01
    )
RETURNING t.day;

-- name: end_ad_bookings_of
-- All of a merchant that have days left, from tomorrow on.
-- notes: ad_end
INSERT INTO ad_end AS t (booking_id, ended_on, ended_by, ended_at)
SELECT
    b.id,
    greatest(b.first_on, %(tomorrow)s::date),
    %(by)s,
    %(now)s
FROM ad_booking AS b
WHERE b.merchant_id = %(merchant)s AND b.last_on >= %(tomorrow)s::date
ORDER BY b.id
ON CONFLICT ON CONSTRAINT ad_end_once DO NOTHING;

-- name: end_ad_booking
-- Once.
-- notes: ad_end
INSERT INTO ad_end AS t (booking_id, ended_on, ended_by, ended_at)
VALUES (%(booking)s, %(ended_on)s, %(by)s, %(now)s)
ON CONFLICT ON CONSTRAINT ad_end_once DO NOTHING;
