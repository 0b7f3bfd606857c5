-- What a person may mean, for the completion of a command line: a name and a few words each.

-- name: open_cases
-- The newest are what is resolved.
SELECT
    c.id::text,
    c.kind || ' ' || c.terminal_id
FROM exception_case AS c
WHERE c.resolved_at IS NULL
ORDER BY c.id DESC
LIMIT 200;

-- name: business_dates
-- The open one first.
SELECT
    d.business_date::text,
    d.state
FROM business_day AS d
ORDER BY d.business_date DESC
LIMIT 60;
