-- written_off: lots of the versions before have it.

INSERT INTO points_expiry (business_date, postings, finished_at)
SELECT
    min(business_date),
    0,
    '2026-10-01 01:00:00+00'
FROM business_day;
