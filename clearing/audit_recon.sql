-- The audit's questions about what others say of a date, and what was found of it. As in audit.sql,
-- each statement gives the rows that break its rule.

-- name: match_not_its_journal
-- A line that is one of ours is of what that journal moved on accounts of whose file it is, or is
-- owed by its port: of all that was matched by RRN, by keys or by what is alike, the ledger has the
-- amount.
SELECT
    m.file_id,
    m.line,
    l.amount_minor,
    coalesce(sum(moved.amount_minor), 0)::bigint AS ledger_minor
FROM recon_match AS m
INNER JOIN recon_file AS f ON m.file_id = f.id
LEFT JOIN recon_line AS l ON m.file_id = l.file_id AND m.line = l.line AND m.unit = l.unit
LEFT JOIN LATERAL (
    SELECT
        a.id,
        CASE
            WHEN (a.id = e.credit_account) = (f.port IS NULL) THEN e.amount_minor
            ELSE -e.amount_minor
        END AS amount_minor
    FROM entry AS e
    INNER JOIN account AS a ON a.id IN (e.debit_account, e.credit_account)
    WHERE
        e.shard = m.shard
        AND e.journal_id = m.number
        AND a.unit = m.unit
        AND CASE
            WHEN f.port IS NOT NULL THEN a.chart = 'port_receivable'
            ELSE
                a.chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')
                AND a.merchant_id = coalesce(f.merchant_id, a.merchant_id)
                AND a.issuer_id = coalesce(f.issuer_id, a.issuer_id)
        END
) AS moved ON true
WHERE m.number IS NOT NULL
GROUP BY m.file_id, m.line, l.amount_minor
HAVING coalesce(sum(moved.amount_minor), 0) IS DISTINCT FROM l.amount_minor
ORDER BY m.file_id, m.line
LIMIT %(limit)s;

-- name: match_not_over_its_port
-- A line of a port's bill that is one of ours is of what went over that port, by its number.
SELECT
    m.file_id,
    m.line,
    l.amount_minor
FROM recon_match AS m
INNER JOIN recon_file AS f ON m.file_id = f.id AND f.port IS NOT NULL
INNER JOIN recon_line AS l ON m.file_id = l.file_id AND m.line = l.line
LEFT JOIN port_moved AS p
    ON
        f.port = p.port
        AND m.rrn = p.reference
        AND m.unit = p.unit
        AND l.amount_minor = p.amount_minor
        AND m.number IS NOT DISTINCT FROM p.journal_id
WHERE p.reference IS NULL
ORDER BY m.file_id, m.line
LIMIT %(limit)s;

-- name: line_without_answer
-- Each line of a file that was matched is one of ours or a difference, and not both, or brings a
-- payout back; one of no amount may be neither, because nothing is other by it. And so is what a
-- file says of how many lines it has.
SELECT
    f.id AS file_id,
    f.lines,
    f.matched,
    count(l.line) AS lines_there,
    count(coalesce(m.line, back.line)) AS matched_there
FROM recon_file AS f
LEFT JOIN recon_line AS l ON f.id = l.file_id
LEFT JOIN recon_match AS m ON l.file_id = m.file_id AND l.line = m.line
LEFT JOIN payout_return AS back ON l.file_id = back.file_id AND l.line = back.line
LEFT JOIN recon_item AS i ON l.file_id = i.file_id AND l.line = i.line
WHERE f.matched_at IS NOT NULL
GROUP BY f.id, f.lines, f.matched
HAVING
    f.lines <> count(l.line)
    OR f.matched <> count(coalesce(m.line, back.line))
    OR coalesce(bool_or(num_nonnulls(m.line, back.line, i.line) > 1), false)
    OR coalesce(
        bool_or(num_nonnulls(m.line, back.line, i.line) = 0 AND l.amount_minor <> 0), false
    )
ORDER BY f.id
LIMIT %(limit)s;

-- name: difference_not_its_posting
-- What was mended is so by another posting, of its amount, unit and merchant; what was matched by
-- hand comes to nothing together; what is a payment that came back, somebody says which.
SELECT
    i.id,
    i.answer,
    (i.theirs_minor - i.ours_minor)::bigint AS other_minor,
    j.amount_minor AS posted_minor,
    i.unit
FROM recon_item AS i
LEFT JOIN journal AS j ON i.mended_shard = j.shard AND i.mended_number = j.id
WHERE
    i.answer = 'posted'
    AND (
        j.amount_minor IS DISTINCT FROM abs(i.theirs_minor - i.ours_minor)
        OR j.unit <> i.unit
        OR j.id = i.number
        OR j.merchant_id <> i.merchant_id
    )
UNION ALL
SELECT
    i.id,
    i.answer,
    (i.theirs_minor - i.ours_minor)::bigint AS other_minor,
    NULL AS posted_minor,
    i.unit
FROM recon_item AS i
WHERE
    i.answer = 'returned'
    AND NOT EXISTS (SELECT FROM payout_return_said AS said WHERE said.item_id = i.id)
UNION ALL
SELECT
    i.with_item AS id,
    'match' AS answer,
    sum(i.theirs_minor - i.ours_minor)::bigint AS other_minor,
    NULL AS posted_minor,
    min(i.unit) AS unit
FROM recon_item AS i
WHERE i.answer = 'match'
GROUP BY i.with_item
HAVING sum(i.theirs_minor - i.ours_minor) <> 0
ORDER BY id
LIMIT %(limit)s;
