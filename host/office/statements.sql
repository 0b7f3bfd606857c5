-- Statements, as people confirm and dispute them.

-- name: confirm_statement
-- Of one side, once.
-- notes: statement_confirmed
INSERT INTO statement_confirmed AS t (business_date, place, side, confirmed_by, confirmed_at)
VALUES (%(business_date)s, %(place)s, %(side)s, %(by)s, %(now)s)
ON CONFLICT ON CONSTRAINT statement_confirmed_once DO NOTHING;

-- name: disputable
-- Since when a statement is there to be looked at, and whether it is paid.
SELECT
    step.finished_at,
    paid.payout_id IS NOT NULL AS is_paid
FROM settlement_statement AS s
LEFT JOIN payout_statement AS paid
    ON s.business_date = paid.business_date AND s.place = paid.place
LEFT JOIN clearing_step AS step
    ON s.business_date = step.business_date AND step.step = 'statements'
WHERE s.business_date = %(business_date)s AND s.place = %(place)s;

-- name: moved_between
-- What each of these moved between the two of a statement, in its unit: as the statement has it, so
-- without fees and what is put up.
WITH moved AS MATERIALIZED (
    SELECT
        e.shard,
        e.journal_id,
        e.debit_account,
        e.credit_account,
        e.amount_minor
    FROM entry AS e
    WHERE e.shard = any(%(shards)s::smallint []) AND e.journal_id = any(%(numbers)s::bigint [])
)

SELECT
    side.shard,
    side.journal_id,
    sum(side.amount_minor)::bigint AS amount_minor
FROM (
    SELECT
        moved.shard,
        moved.journal_id,
        moved.credit_account AS account_id,
        moved.amount_minor
    FROM moved
    UNION ALL
    SELECT
        moved.shard,
        moved.journal_id,
        moved.debit_account,
        -moved.amount_minor
    FROM moved
) AS side
INNER JOIN account AS a ON side.account_id = a.id
INNER JOIN settlement_statement AS s
    ON
        a.merchant_id = s.merchant_id
        AND a.issuer_id = s.issuer_id
        AND a.unit = s.unit
WHERE
    s.business_date = %(business_date)s
    AND s.place = %(place)s
    AND a.chart NOT IN ('merchant_fees', 'alliance_fund')
GROUP BY side.shard, side.journal_id
HAVING sum(side.amount_minor) <> 0
ORDER BY side.journal_id;

-- name: add_dispute
-- Beside what the side has confirmed with it: the rest.
-- notes: statement_dispute
INSERT INTO statement_dispute AS t (
    business_date, place, side, merchant_id, issuer_id, why, file_id
)
SELECT
    s.business_date,
    s.place,
    %(side)s,
    s.merchant_id,
    s.issuer_id,
    %(why)s,
    %(file)s
FROM settlement_statement AS s
WHERE s.business_date = %(business_date)s AND s.place = %(place)s;

-- name: has_disputed
-- Whether a side has disputed rows of it, and confirmed the rest with that.
SELECT true
FROM statement_dispute AS d
WHERE d.business_date = %(business_date)s AND d.place = %(place)s AND d.side = %(side)s;

-- name: evidence
-- What came with a side's dispute.
SELECT
    f.id,
    f.name,
    f.sha256
FROM statement_dispute AS d
INNER JOIN office_file AS f ON d.file_id = f.id
WHERE d.business_date = %(business_date)s AND d.place = %(place)s AND d.side = %(side)s;

-- name: add_held
-- Each row once, whoever disputes it.
-- notes: statement_held
INSERT INTO statement_held AS t (
    business_date, place, side, shard, journal_id, amount_minor, held_minor
)
SELECT
    %(business_date)s,
    %(place)s,
    %(side)s,
    told.shard,
    told.journal_id,
    told.amount_minor,
    greatest(told.amount_minor, 0)
FROM
    unnest(%(held_shards)s::smallint [], %(held)s::bigint [], %(amounts)s::bigint [])
        AS told (shard, journal_id, amount_minor)
ON CONFLICT ON CONSTRAINT statement_held_once DO NOTHING;

-- name: disputes_of
-- Of a statement: by whom, what is at stake, and whether it is answered.
SELECT
    d.side,
    (
        SELECT coalesce(sum(abs(h.amount_minor)), 0)::bigint
        FROM statement_held AS h
        WHERE h.business_date = d.business_date AND h.place = d.place AND h.side = d.side
    ) AS at_stake_minor,
    a.side IS NOT NULL AS is_answered
FROM statement_dispute AS d
LEFT JOIN statement_answer AS a
    ON d.business_date = a.business_date AND d.place = a.place AND d.side = a.side
WHERE d.business_date = %(business_date)s AND d.place = %(place)s
ORDER BY d.side DESC;

-- name: answer_dispute
-- Once.
-- notes: statement_answer
INSERT INTO statement_answer AS t (
    business_date, place, side, is_upheld, note, answered_by, agreed_by, answered_at,
    answered_on
)
VALUES (
    %(business_date)s, %(place)s, %(side)s, %(is_upheld)s, %(note)s, %(by)s, %(agreed_by)s, %(now)s,
    %(open_date)s
)
ON CONFLICT ON CONSTRAINT statement_answer_once DO NOTHING;
