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
-- What may be handed out, by the digest of its files, and whether it is known to be out.
SELECT
    r.business_date,
    r.files_digest,
    h.business_date IS NOT NULL AS is_out
FROM clearing_release AS r
LEFT JOIN clearing_handed_out AS h ON r.business_date = h.business_date
WHERE r.released_at <= coalesce(%(until)s::timestamptz, 'infinity')
ORDER BY r.business_date DESC
LIMIT %(limit)s;

-- name: record_handed_out
-- Once it is there: the first time counts.
-- notes: clearing_handed_out
INSERT INTO clearing_handed_out AS t (business_date, handed_out_at)
VALUES (%(business_date)s, now())
ON CONFLICT ON CONSTRAINT handed_out_once DO NOTHING;
