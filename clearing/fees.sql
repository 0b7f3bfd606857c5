-- What a date's transactions cost who made them and whose cards they were of. Laid out from the
-- date's lines (`queries.sql`), which stand for as long as the run does.

-- name: lay_out_fee_bases
-- Each line that is of an earlier one, with what that began with, and how much of that stood before
-- it and stands after it: a fee is of what stands, so what comes back takes its part of the fee
-- with it, to the last unit. What a void or a reversal ends is one journal further back, and a
-- reversed void's sale is two. `refund_id` is the refund that a line is, or ends. A line that is of
-- none before it began itself.
CREATE TEMPORARY TABLE day_fee_base ON COMMIT DROP AS
WITH begun AS (
    SELECT
        day_line.shard,
        day_line.number,
        day_line.kind,
        day_line.channel,
        day_line.merchant_key,
        day_line.issuer_key,
        day_line.alike,
        day_line.unit,
        abs(day_line.amount_minor) AS amount_minor,
        CASE
            WHEN day_line.kind = 'refund' THEN day_line.number
            WHEN undone.kind = 'refund' THEN undone.id
        END AS refund_id,
        day_line.kind <> 'refund' AND undone.id IS NOT NULL
        AND (undone.kind = 'refund' OR undone.original_id IS NULL) AS goes_back,
        coalesce(first.id, undone.id, day_line.number) AS root_id,
        coalesce(first.kind, undone.kind, day_line.kind) AS root_kind,
        coalesce(first.amount_minor, undone.amount_minor, abs(day_line.amount_minor)) AS root_minor
    FROM day_line
    LEFT JOIN LATERAL (
        SELECT
            journal.id,
            journal.kind,
            journal.original_id,
            journal.amount_minor
        FROM journal
        WHERE
            day_line.original IS NOT NULL
            AND journal.shard = day_line.shard
            AND journal.id = day_line.original
        ORDER BY journal.id
        LIMIT 1
    ) AS undone ON true
    LEFT JOIN LATERAL (
        SELECT
            journal.id,
            journal.kind,
            journal.amount_minor
        FROM journal
        WHERE
            undone.original_id IS NOT NULL
            AND journal.shard = day_line.shard
            AND journal.id = undone.original_id
        ORDER BY journal.id
        LIMIT 1
    ) AS first ON true
    WHERE
        %(has_fees)s
        AND day_line.is_main
        AND (day_line.original IS NOT NULL OR day_line.kind = 'refund')
),

stood AS (
    SELECT
        begun.*,
        begun.root_minor - coalesce(earlier.refunded_minor, 0)::bigint AS stood_minor
    FROM begun
    LEFT JOIN LATERAL (
        SELECT sum(past.amount_minor) AS refunded_minor
        FROM undo AS mine
        INNER JOIN undo AS past
            ON
                past.shard = mine.shard
                AND past.original_id = mine.original_id
                AND past.attempt < mine.attempt
        WHERE
            begun.refund_id IS NOT NULL
            AND mine.shard = begun.shard
            AND mine.original_id = begun.root_id
            AND mine.journal_id = begun.refund_id
            AND past.kind = 'refund'
            AND NOT past.is_moot
            AND NOT EXISTS (
                SELECT FROM undo AS ended
                WHERE
                    ended.shard = past.shard
                    AND ended.original_id = past.journal_id
                    AND ended.journal_id < begun.refund_id
                    AND NOT ended.is_moot
            )
    ) AS earlier ON true
)

SELECT
    shard,
    number,
    channel,
    merchant_key,
    issuer_key,
    alike,
    unit,
    root_kind AS kind,
    %(day_zero)s::date + (root_id / %(numbers_per_day)s)::integer AS begun_on,
    refund_id IS NOT NULL AS is_of_refund,
    CASE
        WHEN refund_id IS NULL THEN CASE WHEN goes_back THEN amount_minor ELSE 0 END
        WHEN goes_back THEN stood_minor - amount_minor
        ELSE stood_minor
    END AS before_minor,
    CASE
        WHEN refund_id IS NULL THEN CASE WHEN goes_back THEN 0 ELSE amount_minor END
        WHEN goes_back THEN stood_minor
        ELSE stood_minor - amount_minor
    END AS after_minor
FROM stood;

-- name: analyze_fee_bases
-- Joins are planned for the rows that are there.
ANALYZE day_fee_base;

-- name: lay_out_fee_choices
-- Which fees each pays who traded so: of either payer that which names most of who it is, the
-- latest of those. A merchant's counts more than an issuer's, that more than a trade, that more
-- than a channel; merchants that none names are alike within a trade. Points are worth what they
-- pay beside money on the day of their sale; pieces are worth nothing, and cost what each
-- transaction costs. They stand for as long as the run does.
CREATE TEMPORARY TABLE day_fee_choice AS
WITH found AS (
    SELECT
        alike,
        issuer_key,
        channel,
        kind,
        %(business_date)s::date AS begun_on,
        unit,
        false AS is_of_refund
    FROM day_line
    WHERE %(has_fees)s AND is_main
    GROUP BY alike, issuer_key, channel, kind, unit
    UNION
    SELECT
        alike,
        issuer_key,
        channel,
        kind,
        begun_on,
        unit,
        is_of_refund
    FROM day_fee_base
),

traded AS (
    SELECT
        found.*,
        row_number() OVER ()::integer AS choice
    FROM found
),

chosen AS (
    SELECT
        traded.choice,
        said.*
    FROM traded
    INNER JOIN merchant ON merchant.id = traded.alike
    CROSS JOIN (VALUES ('merchant'), ('issuer')) AS pays (payer)
    CROSS JOIN
        LATERAL (
            SELECT
                row_of.id AS fee_id,
                row_of.payer,
                row_of.is_returned,
                row_of.from_minor,
                row_of.flat_minor,
                row_of.millionths,
                row_of.fee_min_minor,
                coalesce(row_of.fee_max_minor, 9223372036854775807) AS fee_max_minor
            FROM (
                SELECT fee.* FROM fee WHERE fee.merchant_id = traded.alike
                UNION ALL
                SELECT fee.* FROM fee WHERE fee.merchant_id IS NULL
            ) AS row_of
            WHERE
                row_of.payer = pays.payer
                AND traded.kind = any(row_of.kinds)
                AND row_of.since <= traded.begun_on
                AND coalesce(row_of.until >= traded.begun_on, true)
                AND coalesce(row_of.issuer_id = traded.issuer_key, true)
                AND row_of.trade IN ('', merchant.trade)
                AND row_of.channel IN ('', traded.channel)
            ORDER BY
                (row_of.merchant_id IS NOT NULL) DESC,
                (row_of.issuer_id IS NOT NULL) DESC,
                (row_of.trade <> '') DESC,
                (row_of.channel <> '') DESC,
                row_of.since DESC,
                row_of.id DESC
            LIMIT 1
        ) AS said
    WHERE said.is_returned OR NOT traded.is_of_refund
)

SELECT
    traded.*,
    issuer.currency,
    CASE WHEN traded.unit = issuer.currency THEN 1 ELSE coalesce(price.worth_minor, 0) END AS times,
    coalesce(price.points, 1) AS per,
    seller.fee_id AS merchant_fee_id,
    seller.from_minor AS merchant_from,
    seller.flat_minor AS merchant_flat,
    seller.millionths AS merchant_millionths,
    seller.fee_min_minor AS merchant_min,
    seller.fee_max_minor AS merchant_max,
    keeper.fee_id AS issuer_fee_id,
    keeper.from_minor AS issuer_from,
    keeper.flat_minor AS issuer_flat,
    keeper.millionths AS issuer_millionths,
    keeper.fee_min_minor AS issuer_min,
    keeper.fee_max_minor AS issuer_max
FROM traded
INNER JOIN issuer ON issuer.id = traded.issuer_key
LEFT JOIN chosen AS seller ON seller.choice = traded.choice AND seller.payer = 'merchant'
LEFT JOIN chosen AS keeper ON keeper.choice = traded.choice AND keeper.payer = 'issuer'
LEFT JOIN LATERAL (
    SELECT
        points_price.points,
        points_price.worth_minor
    FROM points_price
    WHERE
        traded.unit = 'P:' || points_price.programme
        AND points_price.since <= traded.begun_on
    ORDER BY points_price.since DESC
    LIMIT 1
) AS price ON true
WHERE num_nonnulls(seller.fee_id, keeper.fee_id) > 0;

-- name: analyze_fee_choices
-- Joins are planned for the rows that are there.
ANALYZE day_fee_choice;

-- name: lay_out_priced
-- Each line with its fee of either payer: what it is of what stands after it, less what it was of
-- what stood before; nothing where nothing stands. A line that is of none before it began itself.
-- What is reckoned in turn is kept apart by OFFSET, or each reckoning would be done again in the
-- next. They stand for as long as the run does.
CREATE TEMPORARY TABLE day_priced AS
WITH worth AS (
    SELECT
        day_line.*,
        choice.choice,
        choice.currency AS fee_unit,
        base.before_minor > 0 AS stood,
        coalesce(base.after_minor, abs(day_line.amount_minor)) > 0 AS stands,
        coalesce(base.before_minor, 0) * choice.times / choice.per AS before_minor,
        coalesce(base.after_minor, abs(day_line.amount_minor)) * choice.times / choice.per
            AS after_minor,
        choice.merchant_fee_id,
        choice.merchant_from,
        choice.merchant_flat,
        choice.merchant_millionths,
        choice.merchant_min,
        choice.merchant_max,
        choice.issuer_fee_id,
        choice.issuer_from,
        choice.issuer_flat,
        choice.issuer_millionths,
        choice.issuer_min,
        choice.issuer_max
    FROM day_line
    LEFT JOIN day_fee_base AS base
        ON
            day_line.is_main
            AND base.shard = day_line.shard
            AND base.number = day_line.number
            AND base.merchant_key = day_line.merchant_key
            AND base.issuer_key = day_line.issuer_key
    LEFT JOIN day_fee_choice AS choice
        ON
            day_line.is_main
            AND choice.alike = day_line.alike
            AND choice.issuer_key = day_line.issuer_key
            AND choice.channel = day_line.channel
            AND choice.kind = coalesce(base.kind, day_line.kind)
            AND choice.begun_on = coalesce(base.begun_on, %(business_date)s::date)
            AND choice.unit = day_line.unit
            AND choice.is_of_refund = coalesce(base.is_of_refund, false)
    OFFSET 0  -- noqa: AM09
),

tier AS (
    SELECT
        worth.*,
        width_bucket(worth.before_minor, worth.merchant_from) AS merchant_before,
        width_bucket(worth.after_minor, worth.merchant_from) AS merchant_after,
        width_bucket(worth.before_minor, worth.issuer_from) AS issuer_before,
        width_bucket(worth.after_minor, worth.issuer_from) AS issuer_after
    FROM worth
    OFFSET 0  -- noqa: AM09
)

SELECT
    number,
    kind,
    channel,
    merchant_key,
    issuer_key,
    merchant_place,
    issuer_place,
    store_key,
    product_key,
    terminal_id,
    batch,
    trace,
    merchant,
    issuer,
    card,
    original,
    unit,
    amount_minor,
    points_earned,
    reference,
    original_reference,
    choice,
    fee_unit,
    after_minor - before_minor AS base_minor,
    CASE
        WHEN merchant_fee_id IS NOT NULL
            THEN
                CASE WHEN stands THEN fee_of_worth(
                    after_minor, merchant_flat[merchant_after], merchant_millionths[merchant_after],
                    merchant_min, merchant_max
                ) ELSE 0 END
                - CASE WHEN stood THEN fee_of_worth(
                    before_minor,
                    merchant_flat[merchant_before],
                    merchant_millionths[merchant_before],
                    merchant_min, merchant_max
                ) ELSE 0 END
    END AS merchant_fee_minor,
    CASE
        WHEN issuer_fee_id IS NOT NULL
            THEN
                CASE WHEN stands THEN fee_of_worth(
                    after_minor, issuer_flat[issuer_after], issuer_millionths[issuer_after],
                    issuer_min, issuer_max
                ) ELSE 0 END
                - CASE WHEN stood THEN fee_of_worth(
                    before_minor, issuer_flat[issuer_before], issuer_millionths[issuer_before],
                    issuer_min, issuer_max
                ) ELSE 0 END
    END AS issuer_fee_minor
FROM tier;

-- name: analyze_priced
-- Joins are planned for the rows that are there.
ANALYZE day_priced (merchant_place, issuer_place, choice);

-- name: lay_out_sums
-- The date in sum, from which parts of positions, charges and totals of files derive: by all that
-- any of these tells apart. It stands for as long as the run does.
CREATE TEMPORARY TABLE day_sum AS
SELECT
    merchant_key,
    issuer_key,
    store_key,
    product_key,
    kind,
    channel,
    unit,
    choice,
    fee_unit,
    count(*) AS items,
    sum(number) AS numbers,
    bigint_sum(amount_minor) AS amount_minor,
    bigint_sum(points_earned) AS points_earned,
    bigint_sum(base_minor) AS base_minor,
    bigint_sum(merchant_fee_minor) AS merchant_fee_minor,
    bigint_sum(issuer_fee_minor) AS issuer_fee_minor
FROM day_priced
GROUP BY
    merchant_key, issuer_key, store_key, product_key, kind, channel, unit, choice, fee_unit;

-- name: analyze_sums
-- Joins are planned for the rows that are there.
ANALYZE day_sum;

-- name: lay_out_charges
-- What is charged: by merchant and issuer, then by fee and kind, and between which accounts. What
-- undoes is charged as what it undoes was. What comes to anything is posted, in this order: one
-- posting for a merchant and an issuer, a leg for each.
CREATE TEMPORARY TABLE day_charge ON COMMIT DROP AS
WITH charged AS (
    SELECT
        day_sum.merchant_key,
        day_sum.issuer_key,
        side.payer,
        side.fee_id,
        choice.kind,
        day_sum.fee_unit AS unit,
        sum(day_sum.items)::integer AS items,
        bigint_sum(day_sum.base_minor) AS base_minor,
        bigint_sum(side.fee_minor) AS fee_minor
    FROM day_sum
    INNER JOIN day_fee_choice AS choice ON choice.choice = day_sum.choice
    CROSS JOIN
        LATERAL (
            VALUES
            ('merchant', choice.merchant_fee_id, day_sum.merchant_fee_minor),
            ('issuer', choice.issuer_fee_id, day_sum.issuer_fee_minor)
        ) AS side (payer, fee_id, fee_minor)
    WHERE side.fee_id IS NOT NULL
    GROUP BY
        day_sum.merchant_key, day_sum.issuer_key, side.payer, side.fee_id, choice.kind,
        day_sum.fee_unit
),

payer AS (
    SELECT
        id,
        unit,
        issuer_id,
        coalesce(merchant_id, 0) AS merchant_key,
        CASE chart WHEN 'merchant_fees' THEN 'merchant' ELSE 'issuer' END AS payer
    FROM account
    WHERE chart IN ('merchant_fees', 'issuer_fees') AND issuer_id IS NOT NULL
)

SELECT
    charged.merchant_key AS merchant_id,
    charged.issuer_key AS issuer_id,
    charged.fee_id,
    charged.kind,
    charged.unit,
    charged.items,
    charged.base_minor,
    charged.fee_minor,
    payer.id AS payer_account,
    house.id AS house_account,
    CASE
        WHEN charged.fee_minor <> 0 THEN dense_rank() OVER (
            PARTITION BY charged.fee_minor <> 0
            ORDER BY charged.merchant_key, charged.issuer_key
        )
    END AS posting,
    CASE
        WHEN charged.fee_minor <> 0 THEN row_number() OVER (
            PARTITION BY charged.fee_minor <> 0, charged.merchant_key, charged.issuer_key
            ORDER BY charged.fee_id, charged.kind COLLATE "C"
        ) - 1
    END AS leg
FROM charged
LEFT JOIN payer
    ON
        payer.unit = charged.unit
        AND payer.issuer_id = charged.issuer_key
        AND payer.payer = charged.payer
        AND payer.merchant_key
        = CASE charged.payer WHEN 'merchant' THEN charged.merchant_key ELSE 0 END
LEFT JOIN account AS house
    ON house.unit = charged.unit AND house.chart = 'house_fees' AND house.issuer_id IS NULL;

-- name: analyze_charges
-- Joins are planned for the rows that are there.
ANALYZE day_charge;

-- name: charges_of_no_account
-- What cannot be posted: the first of them tells what is missing.
SELECT
    merchant.merchant_id AS merchant,
    issuer.institution_id AS issuer,
    day_charge.unit
FROM day_charge
INNER JOIN merchant ON merchant.id = day_charge.merchant_id
INNER JOIN issuer ON issuer.id = day_charge.issuer_id
WHERE
    day_charge.posting IS NOT NULL
    AND (day_charge.payer_account IS NULL OR day_charge.house_account IS NULL)
ORDER BY day_charge.posting, day_charge.leg
LIMIT 1;

-- name: charges
-- What is to be posted, posting by posting.
SELECT
    merchant_id,
    issuer_id,
    unit,
    array_agg(payer_account ORDER BY leg) AS payers,
    array_agg(house_account ORDER BY leg) AS houses,
    array_agg(fee_minor ORDER BY leg) AS fees
FROM day_charge
WHERE posting IS NOT NULL
GROUP BY posting, merchant_id, issuer_id, unit
ORDER BY posting;

-- name: insert_charges
-- With the leg that each was posted by.
-- notes: fee_charge together
INSERT INTO fee_charge AS t (
    business_date, merchant_id, issuer_id, fee_id, kind, items, base_minor, fee_minor, unit,
    journal_id, leg
)
SELECT
    %(business_date)s::date,
    merchant_id,
    issuer_id,
    fee_id,
    kind,
    items,
    base_minor,
    fee_minor,
    unit,
    %(first_posted)s::bigint + posting - 1,
    leg
FROM day_charge;

-- name: changed_charges
-- A closed date cannot move: what was charged is what would be.
WITH told AS (
    SELECT
        merchant_id,
        issuer_id,
        fee_id,
        kind,
        unit,
        items,
        base_minor,
        fee_minor
    FROM day_charge
),

kept AS (
    SELECT
        merchant_id,
        issuer_id,
        fee_id,
        kind,
        unit,
        items,
        base_minor,
        fee_minor
    FROM fee_charge
    WHERE business_date = %(business_date)s
)

(
    SELECT * FROM told
    EXCEPT
    SELECT * FROM kept
)
UNION ALL
(
    SELECT * FROM kept
    EXCEPT
    SELECT * FROM told
);

-- name: charged_by_unit
-- For the step's detail.
SELECT
    unit,
    bigint_sum(fee_minor) AS fee_minor
FROM day_charge
GROUP BY unit
ORDER BY unit COLLATE "C";
