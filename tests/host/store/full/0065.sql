-- What points pay, and from a day on twice as much.

INSERT INTO points_price (programme, since, points, worth_minor)
SELECT
    code,
    priced.since,
    100,
    priced.worth_minor
FROM programme, (VALUES ('2026-10-01'::date, 100), ('2027-01-01'::date, 200)) AS priced (
    since, worth_minor
);
