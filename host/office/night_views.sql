-- Views of the night: as those of views.sql, by their ids.

-- name: business_days
-- Where each date stands, what of it is paid, and whose hands it went through.
SELECT
    d.business_date,
    s.state AS day_state,
    files.transactions,
    owed.payable_minor,
    d.closed_at AS cut_off_at,
    s.steps,
    found.findings,
    array_to_string(s.taken_by, ' ') AS run_by,
    s.released_by AS cleared_by,
    s.released_at AS cleared_at
FROM business_day AS d
INNER JOIN day_state AS s ON d.business_date = s.business_date
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(f.items), 0)::bigint AS transactions
        FROM clearing_file AS f
        WHERE f.business_date = d.business_date AND f.side = 'merchant'
    ) AS files
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(p.payable_minor), 0)::bigint AS payable_minor
        FROM clearing_payable AS p
        WHERE p.business_date = d.business_date AND p.unit = 'CNY'
    ) AS owed
CROSS JOIN LATERAL (
    SELECT count(*) AS findings
    FROM clearing_finding AS f
    WHERE f.business_date = d.business_date
) AS found;

-- name: clearing_steps
-- What each step did, who took it, and digests of what it read and left.
SELECT
    t.business_date,
    t.step,
    t.finished_at,
    t.taken_by AS run_by,
    t.detail,
    found.findings,
    encode(t.read_digest, 'hex') AS read_digest,
    encode(t.left_digest, 'hex') AS left_digest
FROM clearing_step AS t
CROSS JOIN LATERAL (
    SELECT count(*) AS findings
    FROM clearing_finding AS f
    WHERE f.business_date = t.business_date AND f.step = t.step
) AS found;
