-- The audit's questions about points of alliances that the night settled. As in audit.sql, each
-- statement gives the rows that break its rule.

-- name: settlement_not_its_leg
-- What was settled was posted, by a leg of a journal of its merchant, issuer and date, between the
-- accounts that its act names, or back; and nothing else is posted so.
WITH posted AS (
    SELECT
        journal.business_date,
        journal.merchant_id,
        journal.issuer_id,
        entry.journal_id,
        entry.leg,
        entry.unit,
        debit.chart AS debit_chart,
        credit.chart AS credit_chart,
        entry.amount_minor
    FROM journal
    INNER JOIN entry ON entry.shard = journal.shard AND entry.journal_id = journal.id
    LEFT JOIN account AS debit ON debit.id = entry.debit_account
    LEFT JOIN account AS credit ON credit.id = entry.credit_account
    WHERE journal.kind = 'alliance_settlement'
),

settled AS (
    SELECT
        said.business_date,
        said.merchant_id,
        said.issuer_id,
        said.journal_id,
        said.leg,
        said.unit,
        said.act,
        said.amount_minor,
        CASE
            WHEN said.is_prefunded AND told.debit = 'alliance_payable' THEN 'alliance_fund'
            ELSE told.debit
        END AS debit,
        CASE
            WHEN said.is_prefunded AND told.credit = 'alliance_payable' THEN 'alliance_fund'
            ELSE told.credit
        END AS credit
    FROM alliance_settlement AS said
    LEFT JOIN
        unnest(%(acts)s::text [], %(act_debits)s::text [], %(act_credits)s::text [])
            AS told (act, debit, credit)
        ON told.act = said.act
    WHERE said.amount_minor <> 0
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    settled.act,
    settled.amount_minor AS settled_minor,
    posted.amount_minor AS posted_minor
FROM settled
FULL JOIN posted USING (business_date, merchant_id, issuer_id, journal_id, leg, unit)
WHERE
    abs(settled.amount_minor) IS DISTINCT FROM posted.amount_minor
    OR (posted.debit_chart, posted.credit_chart) IS DISTINCT FROM CASE
        WHEN settled.amount_minor > 0 THEN (settled.debit, settled.credit)
        ELSE (settled.credit, settled.debit)
    END
ORDER BY business_date, merchant_id, issuer_id
LIMIT %(limit)s;

-- name: settlement_not_the_day
-- Of each date since a programme's first terms: what was given out and taken is what the journals
-- of the date moved.
WITH shared AS (
    SELECT
        'P:' || programme AS unit,
        min(since) AS since
    FROM alliance_terms
    GROUP BY programme
),

moved AS (
    SELECT
        journal.business_date,
        journal.merchant_id,
        account.issuer_id,
        account.unit,
        CASE account.chart WHEN 'points_issued' THEN 'given' ELSE 'taken' END AS act,
        sum(
            CASE account.chart WHEN 'points_issued' THEN -1 ELSE 1 END * movement.amount_minor
        ) AS points
    FROM account
    INNER JOIN shared ON shared.unit = account.unit
    INNER JOIN movement ON movement.account_id = account.id
    INNER JOIN journal ON journal.shard = movement.shard AND journal.id = movement.journal_id
    INNER JOIN
        clearing_step
        ON
            clearing_step.business_date = journal.business_date
            AND clearing_step.step = 'alliances'
    WHERE
        account.chart IN ('points_issued', 'merchant_points')
        AND journal.merchant_id IS NOT NULL
        AND journal.business_date >= shared.since
    GROUP BY
        journal.business_date, journal.merchant_id, account.issuer_id, account.unit, account.chart
),

settled AS (
    SELECT
        business_date,
        merchant_id,
        issuer_id,
        'P:' || programme AS unit,
        CASE act WHEN 'held' THEN 'given' ELSE act END AS act,
        sum(points) AS points
    FROM alliance_settlement
    WHERE act IN ('given', 'held', 'taken')
    GROUP BY
        business_date, merchant_id, issuer_id, programme,
        CASE act WHEN 'held' THEN 'given' ELSE act END
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    act,
    unit AS programme,
    coalesce(settled.points, 0)::bigint AS settled_points,
    coalesce(moved.points, 0)::bigint AS moved_points
FROM settled
FULL JOIN moved USING (business_date, merchant_id, issuer_id, unit, act)
WHERE coalesce(settled.points, 0) <> coalesce(moved.points, 0)
ORDER BY business_date, merchant_id, issuer_id, unit
LIMIT %(limit)s;

-- name: settlement_not_its_terms
-- Each amount is the nearest whole one to what its terms say, of two that are as near the even one:
-- of points, of what is taken, of a fee; and a rest is what parts miss of the whole.
WITH priced AS (
    SELECT
        said.*,
        terms.fee_millionths,
        terms.share_millionths,
        coalesce(terms.per_points, 1)::numeric AS per,
        CASE
            WHEN terms.id IS NULL OR said.act = 'held' THEN 0
            WHEN split_part(said.act, '_', 1) = 'taken' THEN terms.redeemed_minor
            ELSE terms.issued_minor
        END::numeric AS price,
        terms.since > said.business_date
        OR terms.programme <> said.programme
        OR coalesce(terms.merchant_id <> said.merchant_id AND said.act NOT LIKE '%%_rest', false)
        OR (said.act IN ('held', 'used')) <> (terms.settled = 'at_redemption')
        AND said.act IN ('held', 'used', 'given') AS is_of_others
    FROM alliance_settlement AS said
    LEFT JOIN alliance_terms AS terms ON terms.id = said.terms_id
),

paid AS (
    SELECT
        business_date,
        merchant_id,
        issuer_id,
        programme,
        terms_id,
        min(unit) AS unit,
        max(fee_millionths) AS fee_millionths,
        max(share_millionths) AS share_millionths,
        coalesce(sum(amount_minor) FILTER (WHERE act = 'taken'), 0) AS taken_minor,
        coalesce(sum(amount_minor) FILTER (WHERE act = 'fee'), 0) AS fee_minor,
        coalesce(sum(amount_minor) FILTER (WHERE act = 'share'), 0) AS share_minor
    FROM priced
    WHERE terms_id IS NOT NULL AND act IN ('taken', 'fee', 'share')
    GROUP BY business_date, merchant_id, issuer_id, programme, terms_id
),

whole AS (
    SELECT
        business_date,
        min(merchant_id) AS merchant_id,
        issuer_id,
        terms_id,
        split_part(act, '_', 1) AS act,
        min(unit) AS unit,
        sum(amount_minor) AS amount_minor,
        sum(points) AS points,
        max(price) AS price,
        max(per) AS per
    FROM priced
    WHERE terms_id IS NOT NULL AND split_part(act, '_', 1) IN ('given', 'used', 'taken')
    GROUP BY business_date, issuer_id, terms_id, split_part(act, '_', 1)
),

said AS (
    SELECT
        business_date,
        merchant_id,
        issuer_id,
        terms_id,
        act,
        unit,
        amount_minor,
        points * price AS worth,
        per,
        coalesce(is_of_others, false) AS is_of_others
    FROM priced
    WHERE act IN ('given', 'held', 'used', 'taken')
    UNION ALL
    SELECT
        business_date,
        merchant_id,
        issuer_id,
        terms_id,
        'fee' AS act,
        unit,
        fee_minor,
        taken_minor * fee_millionths,
        1000000 AS per,
        false AS is_of_others
    FROM paid
    UNION ALL
    SELECT
        business_date,
        merchant_id,
        issuer_id,
        terms_id,
        'share' AS act,
        unit,
        share_minor,
        fee_minor * share_millionths,
        1000000 AS per,
        false AS is_of_others
    FROM paid
    UNION ALL
    SELECT
        business_date,
        merchant_id,
        issuer_id,
        terms_id,
        act,
        unit,
        amount_minor,
        points * price,
        per,
        false AS is_of_others
    FROM whole
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    act,
    amount_minor::bigint AS amount_minor,
    unit,
    terms_id
FROM said
WHERE
    is_of_others
    OR 2 * abs(amount_minor * per - worth) > per
    OR (2 * abs(amount_minor * per - worth) = per AND mod(amount_minor, 2) <> 0)
ORDER BY business_date, merchant_id, issuer_id, act
LIMIT %(limit)s;

-- name: settlement_not_as_left
-- What was settled is as the night left it, under the digest of its step: as `settlement_lines`
-- tells it.
WITH digested AS (
    SELECT
        business_date,
        sha256(
            convert_to(
                string_agg(
                    concat_ws(
                        '|', place, coalesce(terms_id, 0), programme, merchant_id, issuer_id, act,
                        points, amount_minor, unit, is_prefunded, coalesce(journal_id, 0),
                        coalesce(leg, 0)
                    ),
                    chr(10)
                    ORDER BY
                        concat_ws(
                            '|', place, coalesce(terms_id, 0), programme, merchant_id, issuer_id,
                            act, points, amount_minor, unit, is_prefunded, coalesce(journal_id, 0),
                            coalesce(leg, 0)
                        ) COLLATE "C"
                ),
                'UTF8'
            )
        ) AS digest
    FROM alliance_settlement
    GROUP BY business_date
)

SELECT business_date
FROM clearing_step
LEFT JOIN digested USING (business_date)
WHERE
    clearing_step.step = 'alliances'
    AND clearing_step.left_digest IS NOT NULL
    AND clearing_step.left_digest <> coalesce(digested.digest, sha256(''))
ORDER BY business_date
LIMIT %(limit)s;
