-- The audit's questions about what enterprises spend on vouchers for their staff. As in audit.sql,
-- each statement gives the rows that break its rule.

-- name: enterprise_not_what_was_granted
-- What it may spend is the sum of what two people have granted it.
WITH told AS (
    SELECT
        r.enterprise_id,
        sum(r.amount_minor)::bigint AS granted_minor
    FROM enterprise_grant AS r
    GROUP BY r.enterprise_id
)

SELECT
    e.code,
    e.granted_minor,
    coalesce(told.granted_minor, 0) AS told_minor,
    o.currency AS unit
FROM enterprise AS e
INNER JOIN issuer AS o ON e.issuer_id = o.id
LEFT JOIN told ON e.id = told.enterprise_id
WHERE e.granted_minor <> coalesce(told.granted_minor, 0)
ORDER BY e.code;

-- name: enterprise_not_what_was_spent
-- What it has spent is the price of what was handed out, or still is to be.
WITH told AS (
    SELECT
        i.enterprise_id,
        sum((i.planned - i.refused) * i.price_minor)::bigint AS spent_minor
    FROM staff_issue AS i
    GROUP BY i.enterprise_id
)

SELECT
    e.code,
    e.spent_minor,
    coalesce(told.spent_minor, 0) AS told_minor,
    o.currency AS unit
FROM enterprise AS e
INNER JOIN issuer AS o ON e.issuer_id = o.id
LEFT JOIN told ON e.id = told.enterprise_id
WHERE e.spent_minor <> coalesce(told.spent_minor, 0)
ORDER BY e.code;

-- name: staff_issue_not_its_rows
-- It counts its rows, by what became of each.
SELECT
    i.id,
    i.planned,
    i.issued,
    i.refused,
    g.planned AS rows_planned,
    g.issued AS rows_issued,
    g.refused AS rows_refused
FROM staff_issue AS i
CROSS JOIN
    LATERAL (
        SELECT
            count(*) AS planned,
            count(*) FILTER (WHERE r.state = 'issued') AS issued,
            count(*) FILTER (WHERE r.state = 'refused') AS refused
        FROM staff_voucher AS r
        WHERE r.issue_id = i.id
    ) AS g
WHERE (i.planned, i.issued, i.refused) <> (g.planned, g.issued, g.refused)
ORDER BY i.id;

-- name: staff_voucher_not_claimed
-- A voucher that was handed out is of the issue's batch, and was claimed for whom it was for.
SELECT
    g.issue_id,
    g.place,
    g.card_id
FROM staff_voucher AS g
INNER JOIN staff_issue AS i ON g.issue_id = i.id
WHERE
    g.state = 'issued'
    AND NOT EXISTS (
        SELECT FROM voucher_claim AS q
        INNER JOIN card AS c ON q.card_id = c.id
        INNER JOIN card_batch_part AS p ON c.part_id = p.id
        WHERE q.card_id = g.card_id AND q.member_id = g.member_id AND p.batch_id = i.batch_id
    )
ORDER BY g.issue_id, g.place;
