-- How nights stand, for people: what is read here changes nothing.

-- name: dates_standing
-- The last dates: where each stands, and whose hands it went through.
SELECT
    s.business_date,
    s.state,
    s.steps,
    array_to_string(s.taken_by, ' ') AS run_by,
    s.released_by,
    (
        SELECT count(*) FROM clearing_finding AS f
        WHERE f.business_date = s.business_date
    ) AS findings
FROM day_state AS s
WHERE s.business_date <= coalesce(%(until)s::date, s.business_date)
ORDER BY s.business_date DESC
LIMIT %(limit)s;

-- name: steps_taken
-- What each step of a date did, in the order they were taken.
SELECT
    step,
    detail,
    finished_at,
    taken_by,
    read_digest,
    left_digest
FROM clearing_step
WHERE business_date = %(business_date)s
ORDER BY finished_at, step COLLATE "C";

-- name: released_dates
-- What may be handed out, by the digest of its files.
SELECT
    business_date,
    files_digest
FROM clearing_release
WHERE released_at <= coalesce(%(until)s::timestamptz, 'infinity')
ORDER BY business_date DESC
LIMIT %(limit)s;
