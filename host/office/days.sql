-- What whoever releases a business date has to know of it.

-- name: day_to_release
-- Where it stands, who took its steps, what its files are, and what is paid.
SELECT
    day.state,
    day.taken_by,
    day.files_digest,
    coalesce(owed.payable_minor, 0) AS payable_minor
FROM day_state AS day
LEFT JOIN clearing_payable AS owed
    ON day.business_date = owed.business_date AND owed.unit = %(unit)s
WHERE day.business_date = %(business_date)s;

-- name: unbalanced_units
-- Units whose debits of the date are not its credits.
SELECT
    t.unit,
    sum(t.debit_minor)::bigint AS debit_minor,
    sum(t.credit_minor)::bigint AS credit_minor
FROM trial_balance AS t
WHERE t.business_date = %(business_date)s
GROUP BY t.unit
HAVING sum(t.debit_minor) <> sum(t.credit_minor)
ORDER BY t.unit;

-- name: open_cases
-- How many cases of somebody's money nobody has resolved, and how much they are of; what others say
-- of a date up to this one and we do not is one, too. A file of the date that is not matched yet is
-- one of no amount: nobody knows what is other by it.
SELECT
    count(*) AS cases,
    coalesce(sum(told.amount_minor) FILTER (WHERE told.unit = %(unit)s), 0)::bigint AS amount_minor
FROM (
    SELECT
        c.amount_minor,
        c.unit
    FROM exception_case AS c
    WHERE c.resolved_at IS NULL AND c.kind <> all(%(notices)s::text [])
    UNION ALL
    SELECT
        abs(i.theirs_minor - i.ours_minor) AS amount_minor,
        i.unit
    FROM recon_item AS i
    WHERE i.answer IS NULL AND i.business_date <= %(business_date)s
    UNION ALL
    SELECT
        0 AS amount_minor,
        f.unit
    FROM recon_file AS f
    WHERE f.matched_at IS NULL AND f.business_date = %(business_date)s
) AS told;

-- name: release
-- Once; nobody who took a step of its night.
-- notes: clearing_release
INSERT INTO clearing_release AS t (
    business_date, released_by, released_at, payable_minor, unit, files_digest, taken_by
)
VALUES (
    %(business_date)s, %(by)s, %(now)s, %(payable_minor)s, %(unit)s, %(files_digest)s,
    %(taken_by)s
);

-- name: asked_to_run
-- Who has asked for a night that has not ended, and when.
SELECT
    p.login,
    j.asked_at
FROM job AS j
INNER JOIN person AS p ON j.asked_by = p.id
WHERE j.action = %(action)s AND j.state IN ('waiting', 'running', 'stopping')
ORDER BY j.id
LIMIT 1;
