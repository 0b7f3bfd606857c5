-- Rates between programmes, as people say them.

-- name: add_rate
-- From a moment on. What was in force before stays as it was.
-- notes: rate
INSERT INTO rate AS t (
    id, from_programme, to_programme, since, times, per, points_min, made_by
)
SELECT
    coalesce(max(r.id), 0) + 1,
    %(from)s,
    %(to)s,
    %(since)s,
    %(times)s,
    %(per)s,
    %(points_min)s,
    %(made_by)s
FROM rate AS r;

-- name: rate_at
-- The one in force at a moment.
SELECT
    r.id,
    r.times,
    r.per,
    r.points_min
FROM rate AS r
WHERE r.from_programme = %(from)s AND r.to_programme = %(to)s AND r.since <= %(since)s
ORDER BY r.since DESC
LIMIT 1;
