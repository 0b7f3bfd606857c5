-- The audit's questions about payouts. As in audit.sql, each statement gives the rows that break
-- its rule.

-- name: payout_not_its_statements
-- A payout is what its statements come to, without what was held out of them, and what was held out
-- of others and rejected, and what came back of others: of its merchant and unit, of dates until
-- its own that were released, each confirmed by both sides. That none is paid twice is their key.
WITH confirmed AS (
    SELECT
        c.business_date,
        c.place,
        count(*) AS sides
    FROM statement_confirmed AS c
    GROUP BY c.business_date, c.place
),

paid AS (
    SELECT
        of_it.payout_id,
        s.business_date,
        s.merchant_id,
        s.unit,
        s.due_minor AS minor,
        r.business_date IS NOT NULL AND coalesce(confirmed.sides, 0) = 2 AS is_settled
    FROM payout_statement AS of_it
    INNER JOIN statement_due AS s
        ON of_it.business_date = s.business_date AND of_it.place = s.place
    LEFT JOIN clearing_release AS r ON s.business_date = r.business_date
    LEFT JOIN confirmed ON s.business_date = confirmed.business_date AND s.place = confirmed.place
    UNION ALL
    SELECT
        of_it.payout_id,
        s.business_date,
        s.merchant_id,
        s.unit,
        (
            SELECT sum(h.held_minor)::bigint
            FROM statement_held AS h
            INNER JOIN statement_answer AS a
                ON h.business_date = a.business_date AND h.place = a.place AND h.side = a.side
            WHERE
                h.business_date = of_it.business_date
                AND h.place = of_it.place
                AND h.side = of_it.side
                AND NOT a.is_upheld
        ) AS minor,
        r.business_date IS NOT NULL AND coalesce(confirmed.sides, 0) = 2 AS is_settled
    FROM payout_held AS of_it
    INNER JOIN settlement_statement AS s
        ON of_it.business_date = s.business_date AND of_it.place = s.place
    LEFT JOIN clearing_release AS r ON s.business_date = r.business_date
    LEFT JOIN confirmed ON s.business_date = confirmed.business_date AND s.place = confirmed.place
    UNION ALL
    SELECT
        again.payout_id,
        back.business_date,
        back.merchant_id,
        back.unit,
        back.amount_minor AS minor,
        true AS is_settled
    FROM payout_again AS again
    INNER JOIN payout AS back ON again.returned_id = back.id
)

SELECT
    p.id AS payout,
    p.unit,
    p.amount_minor,
    coalesce(sum(s.minor), 0)::bigint AS payable_minor
FROM payout AS p
LEFT JOIN paid AS s ON p.id = s.payout_id
GROUP BY p.id, p.business_date, p.merchant_id, p.unit, p.amount_minor
HAVING
    p.amount_minor <> coalesce(sum(s.minor), 0)
    OR bool_or(
        s.minor IS NULL
        OR s.merchant_id <> p.merchant_id
        OR s.unit <> p.unit
        OR s.business_date > p.business_date
        OR NOT s.is_settled
    )
ORDER BY p.id
LIMIT %(limit)s;

-- name: payout_not_its_file
-- A file says how many it pays how much, each to an account of whom it pays, from one of the house.
SELECT
    f.id AS file,
    f.payouts AS told,
    f.total_minor AS told_minor,
    count(p.id) AS found,
    coalesce(sum(p.amount_minor), 0)::bigint AS found_minor,
    min(p.unit) AS unit
FROM payout_file AS f
INNER JOIN payout_account AS payer ON f.account_id = payer.id
LEFT JOIN payout AS p ON f.id = p.file_id
LEFT JOIN payout_account AS payee ON p.account_id = payee.id
GROUP BY f.id, f.payouts, f.total_minor, payer.merchant_id
HAVING
    f.payouts <> count(p.id)
    OR f.total_minor <> coalesce(sum(p.amount_minor), 0)
    OR payer.merchant_id IS NOT NULL
    OR bool_or(payee.merchant_id IS DISTINCT FROM p.merchant_id)
ORDER BY f.id
LIMIT %(limit)s;

-- name: return_not_its_line
-- A payout came back by a line of the bank that names it, of all that it was, the other way; or two
-- people say so, and the difference that they name, if any, is of that amount.
SELECT
    r.payout_id AS payout,
    p.amount_minor,
    coalesce(-l.amount_minor, i.ours_minor - i.theirs_minor) AS told_minor,
    p.unit
FROM payout_return AS r
INNER JOIN payout AS p ON r.payout_id = p.id
LEFT JOIN payout_return_said AS said ON r.payout_id = said.payout_id
LEFT JOIN recon_item AS i
    ON
        said.item_id = i.id
        AND i.source = 'bank_statement'
        AND i.answer = 'returned'
        AND i.unit = p.unit
LEFT JOIN recon_line AS l
    ON
        r.file_id = l.file_id
        AND r.line = l.line
        AND p.end_to_end_id = l.rrn
        AND p.unit = l.unit
LEFT JOIN recon_file AS f ON r.file_id = f.id AND f.source = 'bank_statement'
WHERE
    (r.file_id IS NULL AND said.payout_id IS NULL)
    OR (
        r.file_id IS NOT NULL
        AND (f.id IS NULL OR p.amount_minor IS DISTINCT FROM -l.amount_minor)
    )
    OR (
        said.item_id IS NOT NULL
        AND (
            r.file_id IS NOT NULL
            OR p.amount_minor IS DISTINCT FROM i.ours_minor - i.theirs_minor
        )
    )
ORDER BY r.payout_id
LIMIT %(limit)s;
