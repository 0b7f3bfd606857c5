-- What merchants and issuers owe each other of the points of alliances: what was given out, what
-- was taken, by which terms. Laid out from the date's items and lines (`queries.sql`).

-- name: alliances_begun
-- Points of which programmes are settled by then, and whether any are paid for when they are taken.
SELECT
    'P:' || programme AS unit,
    bool_or(settled = 'at_redemption') AS by_lots
FROM alliance_terms
WHERE since <= %(business_date)s
GROUP BY programme
ORDER BY programme;

-- name: alliance_points
-- Points of the date by who gave them out or took them and by the terms of the day on which that
-- began: what is undone goes back at the price that it had. Points that are taken now are paid for
-- by who gave them out, lot by lot, where the terms of that day say so.
WITH moved AS (
    SELECT
        given.shard,
        given.number,
        journal.original_id,
        journal.merchant_id,
        given.issuer_id,
        given.unit,
        given.points,
        'given' AS act
    FROM day_given AS given
    INNER JOIN journal ON journal.shard = given.shard AND journal.id = given.number
    WHERE
        journal.shard = any(%(shards)s::smallint [])
        AND journal.id >= %(first_number)s
        AND journal.id < %(end_number)s
        AND journal.merchant_id IS NOT NULL
    UNION ALL
    SELECT
        shard,
        number,
        original,
        merchant_key,
        issuer_key,
        unit,
        amount_minor,
        'taken' AS act
    FROM day_line
    WHERE unit = any(%(units)s::text [])
),

begun AS (
    SELECT
        moved.merchant_id,
        moved.issuer_id,
        moved.unit,
        moved.points,
        moved.act,
        %(day_zero)s::date + (
            coalesce(second.original_id, first.original_id, moved.original_id, moved.number)
            / %(numbers_per_day)s
        )::integer AS begun_on
    FROM moved
    LEFT JOIN LATERAL (
        SELECT journal.original_id
        FROM journal
        WHERE
            moved.original_id IS NOT NULL
            AND journal.shard = moved.shard
            AND journal.id = moved.original_id
        ORDER BY journal.id
        LIMIT 1
    ) AS first ON true
    LEFT JOIN LATERAL (
        SELECT journal.original_id
        FROM journal
        WHERE
            first.original_id IS NOT NULL
            AND journal.shard = moved.shard
            AND journal.id = first.original_id
        ORDER BY journal.id
        LIMIT 1
    ) AS second ON true
    UNION ALL
    SELECT
        giver.merchant_id,
        taken.issuer_key,
        taken.unit,
        lot_use.points,
        'used' AS act,
        %(day_zero)s::date + (giver.id / %(numbers_per_day)s)::integer AS begun_on
    FROM day_line AS taken
    INNER JOIN
        lot_use
        ON
            lot_use.shard = taken.shard
            AND lot_use.journal_id = taken.number
            AND sign(lot_use.points) = sign(taken.amount_minor)
    CROSS JOIN
        LATERAL (
            SELECT purse.unit
            FROM purse
            WHERE purse.shard = lot_use.shard AND purse.account_id = lot_use.account_id
            ORDER BY purse.account_id
            LIMIT 1
        ) AS spent
    CROSS JOIN
        LATERAL (
            SELECT
                journal.id,
                journal.merchant_id
            FROM journal
            WHERE journal.shard = lot_use.shard AND journal.id = lot_use.lot_id
            ORDER BY journal.id
            LIMIT 1
        ) AS giver
    WHERE
        %(by_lots)s
        AND taken.unit = any(%(units)s::text [])
        AND lot_use.shard = any(%(shards)s::smallint [])
        AND lot_use.journal_id >= %(first_number)s
        AND lot_use.journal_id < %(end_number)s
        AND spent.unit = taken.unit
        AND giver.merchant_id IS NOT NULL
),

summed AS (
    SELECT
        merchant_id,
        issuer_id,
        unit,
        act,
        begun_on,
        bigint_sum(points) AS points
    FROM begun
    GROUP BY merchant_id, issuer_id, unit, act, begun_on
    OFFSET 0  -- noqa: AM09
),

priced AS (
    SELECT
        summed.merchant_id,
        summed.issuer_id,
        summed.points,
        summed.unit,
        said.*,
        CASE
            WHEN summed.act = 'given' AND said.settled = 'at_redemption' THEN 'held'
            ELSE summed.act
        END AS act
    FROM summed
    LEFT JOIN LATERAL (
        SELECT
            terms.id AS terms_id,
            terms.settled,
            terms.per_points AS per,
            terms.issued_minor,
            terms.redeemed_minor,
            terms.fee_millionths,
            terms.share_millionths
        FROM alliance_terms AS terms
        WHERE
            'P:' || terms.programme = summed.unit
            AND terms.since <= summed.begun_on
            AND coalesce(terms.merchant_id = summed.merchant_id, true)
        ORDER BY (terms.merchant_id IS NOT NULL) DESC, terms.since DESC
        LIMIT 1
    ) AS said ON true
    WHERE summed.act <> 'used' OR said.settled = 'at_redemption'
)

SELECT
    priced.merchant_id,
    priced.issuer_id,
    substr(priced.unit, 3) AS programme,
    priced.terms_id,
    priced.settled,
    coalesce(priced.per, 1) AS per,
    priced.issued_minor,
    priced.redeemed_minor,
    priced.fee_millionths,
    priced.share_millionths,
    priced.act,
    issuer.currency AS unit,
    bigint_sum(priced.points) AS points
FROM priced
INNER JOIN issuer ON issuer.id = priced.issuer_id
GROUP BY
    priced.merchant_id, priced.issuer_id, priced.unit, priced.terms_id, priced.settled, priced.per,
    priced.issued_minor, priced.redeemed_minor, priced.fee_millionths, priced.share_millionths,
    priced.act, issuer.currency
HAVING sum(priced.points) <> 0
ORDER BY
    priced.issuer_id, priced.unit COLLATE "C", priced.terms_id NULLS FIRST, priced.act COLLATE "C",
    priced.merchant_id;

-- name: funds
-- What stood in merchants' funds before the date.
SELECT
    account.merchant_id,
    account.issuer_id,
    account.unit,
    stood.balance_minor
FROM account
CROSS JOIN
    LATERAL (
        SELECT checkpoint.balance_minor
        FROM checkpoint
        WHERE
            checkpoint.account_id = account.id
            AND checkpoint.business_date < %(business_date)s
        ORDER BY checkpoint.business_date DESC
        LIMIT 1
    ) AS stood
WHERE account.chart = 'alliance_fund'
ORDER BY account.issuer_id, account.merchant_id;

-- name: alliance_accounts
-- Between which accounts it is settled, of those who have a part in it.
SELECT
    account.id,
    account.chart,
    account.unit,
    account.issuer_id,
    account.merchant_id
FROM account
WHERE
    account.chart IN ('alliance_payable', 'alliance_fund')
    AND account.issuer_id = any(%(issuers)s::smallint [])
    AND account.merchant_id = any(%(merchants)s::integer [])
UNION ALL
SELECT
    account.id,
    account.chart,
    account.unit,
    account.issuer_id,
    account.merchant_id
FROM account
WHERE account.chart = 'issuer_alliance' OR account.chart IN ('house_fees', 'rounding');

-- name: insert_settlements
-- With the leg that each was posted by.
INSERT INTO alliance_settlement AS t (
    business_date, place, terms_id, programme, alliance_id, merchant_id, issuer_id, act, points,
    amount_minor, unit, is_prefunded, journal_id, leg
)
SELECT
    %(business_date)s::date,
    told.place,
    told.terms_id,
    told.programme,
    programme.alliance_id,
    told.merchant_id,
    told.issuer_id,
    told.act,
    told.points,
    told.amount_minor,
    told.unit,
    told.is_prefunded,
    told.journal_id,
    told.leg
FROM
    unnest(
        %(terms_id)s::integer [],
        %(programme)s::text [],
        %(merchant_id)s::integer [],
        %(issuer_id)s::smallint [],
        %(act)s::text [],
        %(points)s::bigint [],
        %(amount_minor)s::bigint [],
        %(unit)s::text [],
        %(is_prefunded)s::boolean [],
        %(journals)s::bigint [],
        %(legs)s::smallint []
    ) WITH ORDINALITY AS told (
        terms_id, programme, merchant_id, issuer_id, act, points, amount_minor, unit, is_prefunded,
        journal_id, leg, place
    )
LEFT JOIN programme ON programme.code = told.programme;

-- name: settled
-- What was settled of a date, to be compared with what would be.
SELECT
    terms_id,
    programme,
    merchant_id,
    issuer_id,
    act,
    points,
    amount_minor,
    unit,
    is_prefunded
FROM alliance_settlement
WHERE business_date = %(business_date)s
ORDER BY place;
