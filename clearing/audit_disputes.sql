-- The audit's questions about disputed statements. As in audit.sql, each statement gives the rows
-- that break its rule.

-- name: held_not_its_journal
-- What a dispute holds out is what a journal of the date moved between the two; and each dispute
-- holds something.
WITH moved AS (
    SELECT
        h.business_date,
        h.place,
        h.journal_id,
        sum(
            CASE WHEN e.credit_account = a.id THEN e.amount_minor ELSE -e.amount_minor END
        ) AS amount_minor
    FROM statement_held AS h
    INNER JOIN settlement_statement AS s
        ON h.business_date = s.business_date AND h.place = s.place
    INNER JOIN journal AS j
        ON h.shard = j.shard AND h.journal_id = j.id AND h.business_date = j.business_date
    INNER JOIN entry AS e ON h.shard = e.shard AND h.journal_id = e.journal_id
    INNER JOIN account AS a
        ON
            a.id IN (e.debit_account, e.credit_account)
            AND s.merchant_id = a.merchant_id
            AND s.issuer_id = a.issuer_id
            AND s.unit = a.unit
            AND a.chart NOT IN ('merchant_fees', 'alliance_fund')
    GROUP BY h.business_date, h.place, h.journal_id
)

SELECT
    d.business_date,
    d.place,
    d.side,
    h.journal_id,
    h.amount_minor,
    moved.amount_minor AS moved_minor,
    s.unit
FROM statement_dispute AS d
INNER JOIN settlement_statement AS s ON d.business_date = s.business_date AND d.place = s.place
LEFT JOIN statement_held AS h
    ON d.business_date = h.business_date AND d.place = h.place AND d.side = h.side
LEFT JOIN moved
    ON
        h.business_date = moved.business_date
        AND h.place = moved.place
        AND h.journal_id = moved.journal_id
WHERE h.journal_id IS NULL OR h.amount_minor IS DISTINCT FROM moved.amount_minor
ORDER BY d.business_date, d.place, d.side, h.journal_id
LIMIT %(limit)s;

-- name: correction_not_its_answer
-- What was upheld is given back by one journal of the night, a leg for each row, by the house what
-- was paid for advertising; nothing else is given back; and no night of a later date than that of
-- its answer has left any over.
WITH posted AS (
    SELECT
        j.id,
        j.business_date,
        j.merchant_id,
        j.issuer_id,
        j.unit,
        array_agg(
            CASE WHEN debit.chart = 'merchant_payable' THEN -e.amount_minor ELSE e.amount_minor END
            ORDER BY e.leg
        ) AS legs,
        array_agg(
            CASE WHEN debit.chart = 'merchant_payable' THEN credit.chart ELSE debit.chart END
            ORDER BY e.leg
        ) AS charts,
        sum(
            CASE WHEN debit.chart = 'merchant_payable' THEN -e.amount_minor ELSE e.amount_minor END
        )::bigint AS posted_minor
    FROM journal AS j
    INNER JOIN entry AS e ON j.shard = e.shard AND j.id = e.journal_id
    INNER JOIN account AS debit ON e.debit_account = debit.id
    INNER JOIN account AS credit ON e.credit_account = credit.id
    WHERE j.kind = 'settlement_correction'
    GROUP BY j.id, j.business_date, j.merchant_id, j.issuer_id, j.unit
),

upheld AS (
    SELECT
        s.business_date,
        s.place,
        a.side,
        s.merchant_id,
        s.issuer_id,
        s.unit,
        a.is_upheld,
        a.answered_on,
        array_agg(-h.amount_minor ORDER BY h.journal_id) AS legs,
        array_agg(
            CASE j.kind WHEN 'advertising' THEN 'house_fees' ELSE 'suspense' END
            ORDER BY h.journal_id
        ) AS charts,
        -sum(h.amount_minor)::bigint AS upheld_minor
    FROM statement_answer AS a
    INNER JOIN settlement_statement AS s
        ON a.business_date = s.business_date AND a.place = s.place
    INNER JOIN statement_held AS h
        ON a.business_date = h.business_date AND a.place = h.place AND a.side = h.side
    LEFT JOIN journal AS j ON h.shard = j.shard AND h.journal_id = j.id
    GROUP BY
        s.business_date, s.place, a.side, s.merchant_id, s.issuer_id, s.unit, a.is_upheld,
        a.answered_on
),

given_back AS (
    SELECT
        u.business_date,
        u.place,
        u.side,
        u.merchant_id,
        u.issuer_id,
        u.unit,
        u.is_upheld,
        u.answered_on,
        u.legs,
        u.charts,
        u.upheld_minor,
        c.corrected_on,
        c.journal_id
    FROM upheld AS u
    LEFT JOIN statement_correction AS c
        ON u.business_date = c.business_date AND u.place = c.place AND u.side = c.side
    WHERE u.is_upheld OR c.journal_id IS NOT NULL
)

SELECT
    coalesce(g.business_date, p.business_date) AS business_date,
    g.place,
    g.side,
    p.id AS journal_id,
    g.upheld_minor,
    p.posted_minor,
    coalesce(g.unit, p.unit) AS unit
FROM given_back AS g
FULL JOIN posted AS p ON g.journal_id = p.id
WHERE
    g.place IS NULL
    OR NOT g.is_upheld
    OR (
        g.journal_id IS NULL
        AND EXISTS (
            SELECT FROM clearing_step AS s
            WHERE
                s.step = 'corrections'
                AND s.business_date > g.business_date
                AND s.business_date > g.answered_on
        )
    )
    OR (
        g.journal_id IS NOT NULL
        AND (
            g.corrected_on, g.merchant_id, g.issuer_id, g.unit, g.legs, g.charts
        ) IS DISTINCT FROM (
            p.business_date, p.merchant_id, p.issuer_id, p.unit, p.legs, p.charts
        )
    )
ORDER BY coalesce(g.business_date, p.business_date), g.place, g.side
LIMIT %(limit)s;
