-- What a date's transactions cost who made them and whose cards they were of. Laid out from the
-- date's lines (`queries.sql`), which stand for as long as the run does.

-- name: fees_begun
-- Whether any fee has begun by then: else nothing is laid out for it.
SELECT id FROM fee
WHERE since <= %(business_date)s
ORDER BY id
LIMIT 1;

-- name: lay_out_fee_bases
-- Each line with what it began with, and how much of that stood before it and stands after it: a
-- fee is of what stands, so what comes back takes its part of the fee with it, to the last unit.
-- What a void or a reversal ends is one journal further back, and a reversed void's sale is two.
-- `refund_id` is the refund that a line is, or ends.
CREATE TEMPORARY TABLE day_fee_base ON COMMIT DROP AS
WITH begun AS (
    SELECT
        day_line.shard,
        day_line.number,
        day_line.kind,
        day_line.channel,
        day_line.merchant_key,
        day_line.issuer_key,
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
    WHERE day_line.is_main
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
-- Which fee each pays who traded so: that which names most of who it is, the latest of those. A
-- merchant's counts more than an issuer's, that more than a trade, that more than a channel.
CREATE TEMPORARY TABLE day_fee_choice ON COMMIT DROP AS
WITH traded AS (
    SELECT DISTINCT
        merchant_key,
        issuer_key,
        channel,
        kind,
        begun_on
    FROM day_fee_base
)

SELECT
    traded.merchant_key,
    traded.issuer_key,
    traded.channel,
    traded.kind,
    traded.begun_on,
    chosen.*
FROM traded
INNER JOIN merchant ON merchant.id = traded.merchant_key
CROSS JOIN (VALUES ('merchant'), ('issuer')) AS pays (payer)
CROSS JOIN LATERAL (
    SELECT
        said.id AS fee_id,
        said.payer,
        said.is_returned,
        said.fee_min_minor,
        coalesce(said.fee_max_minor, 9223372036854775807) AS fee_max_minor
    FROM (
        SELECT * FROM fee WHERE fee.merchant_id = traded.merchant_key  -- noqa: RF03
        UNION ALL
        SELECT * FROM fee WHERE fee.merchant_id IS NULL  -- noqa: RF03
    ) AS said
    WHERE
        said.payer = pays.payer
        AND traded.kind = any(said.kinds)
        AND said.since <= traded.begun_on
        AND coalesce(said.until >= traded.begun_on, true)
        AND coalesce(said.issuer_id = traded.issuer_key, true)
        AND said.trade IN ('', merchant.trade)
        AND said.channel IN ('', traded.channel)
    ORDER BY
        (said.merchant_id IS NOT NULL) DESC,
        (said.issuer_id IS NOT NULL) DESC,
        (said.trade <> '') DESC,
        (said.channel <> '') DESC,
        said.since DESC,
        said.id DESC
    LIMIT 1
) AS chosen;

-- name: analyze_fee_choices
-- Joins are planned for the rows that are there.
ANALYZE day_fee_choice;

-- name: lay_out_fee_lines
-- The fee of each line and payer: what it is of what stands after it, less what it was of what
-- stood before. Points are worth what they pay beside money on the day of their sale; pieces are
-- worth nothing, and cost what each transaction costs. Half of a unit goes to the even one. They
-- stand for as long as the run does.
CREATE TEMPORARY TABLE day_fee_line AS
WITH priced AS (
    SELECT
        day_fee_base.*,
        day_fee_choice.fee_id,
        day_fee_choice.payer,
        day_fee_choice.fee_min_minor,
        day_fee_choice.fee_max_minor,
        issuer.currency,
        CASE
            WHEN day_fee_base.unit = issuer.currency THEN 1
            ELSE coalesce(price.worth_minor, 0)
        END AS times,
        coalesce(price.points, 1) AS per
    FROM day_fee_base
    INNER JOIN day_fee_choice USING (merchant_key, issuer_key, channel, kind, begun_on)
    INNER JOIN issuer ON issuer.id = day_fee_base.issuer_key
    LEFT JOIN LATERAL (
        SELECT
            points_price.points,
            points_price.worth_minor
        FROM points_price
        WHERE
            day_fee_base.unit = 'P:' || points_price.programme
            AND points_price.since <= day_fee_base.begun_on
        ORDER BY points_price.since DESC
        LIMIT 1
    ) AS price ON true
    WHERE day_fee_choice.is_returned OR NOT day_fee_base.is_of_refund
),

worth AS (
    SELECT
        shard,
        number,
        merchant_key,
        issuer_key,
        kind,
        fee_id,
        payer,
        currency,
        fee_min_minor,
        fee_max_minor,
        moment.sign,
        moment.amount_minor > 0 AS stands,
        moment.amount_minor * times / per AS worth_minor
    FROM priced
    CROSS JOIN LATERAL (VALUES (-1, before_minor), (1, after_minor)) AS moment (sign, amount_minor)
),

tier AS (
    SELECT
        fee.id AS fee_id,
        of.from_minor,
        coalesce(
            lead(of.from_minor) OVER (PARTITION BY fee.id ORDER BY of.from_minor),
            9223372036854775807
        )
            AS end_minor,
        of.flat_minor,
        of.millionths
    FROM fee
    CROSS JOIN
        unnest(fee.from_minor, fee.flat_minor, fee.millionths)
            AS of (from_minor, flat_minor, millionths)
),

reckoned AS (
    SELECT
        worth.*,
        worth.worth_minor * tier.millionths / 1000000 AS whole,
        mod(worth.worth_minor * tier.millionths, 1000000) AS rest,
        tier.flat_minor
    FROM worth
    INNER JOIN tier
        ON
            tier.fee_id = worth.fee_id
            AND worth.worth_minor >= tier.from_minor
            AND worth.worth_minor < tier.end_minor
)

SELECT
    shard,
    number,
    merchant_key,
    issuer_key,
    kind,
    fee_id,
    payer,
    currency AS unit,
    sum(sign * worth_minor)::bigint AS base_minor,
    sum(
        CASE
            WHEN stands
                THEN
                    sign * least(fee_max_minor, greatest(
                        fee_min_minor,
                        flat_minor + whole
                        + (rest > 500000 OR (rest = 500000 AND mod(whole, 2) = 1))::integer
                    ))
            ELSE 0
        END
    )::bigint AS fee_minor
FROM reckoned
GROUP BY shard, number, merchant_key, issuer_key, kind, fee_id, payer, currency;

-- name: lay_out_no_fee_lines
-- Of a date before there were fees.
CREATE TEMPORARY TABLE day_fee_line AS
SELECT
    null::smallint AS shard,
    null::bigint AS number,
    null::integer AS merchant_key,
    null::smallint AS issuer_key,
    null::text AS kind,
    null::integer AS fee_id,
    null::text AS payer,
    null::text AS unit,
    null::bigint AS base_minor,
    null::bigint AS fee_minor
WHERE false;

-- name: analyze_fee_lines
-- Joins are planned for the rows that are there.
ANALYZE day_fee_line;

-- name: charges
-- What is charged: by merchant and issuer, then by fee and kind, and between which accounts.
SELECT
    merchant.merchant_id AS merchant,
    issuer.institution_id AS issuer,
    charged.merchant_key AS merchant_id,
    charged.issuer_key AS issuer_id,
    charged.fee_id,
    charged.kind,
    charged.unit,
    charged.items,
    charged.base_minor,
    charged.fee_minor,
    payer.id AS payer_account,
    house.id AS house_account
FROM (
    SELECT
        merchant_key,
        issuer_key,
        fee_id,
        payer,
        kind,
        unit,
        count(*)::integer AS items,
        sum(base_minor)::bigint AS base_minor,
        sum(fee_minor)::bigint AS fee_minor
    FROM day_fee_line
    GROUP BY merchant_key, issuer_key, fee_id, payer, kind, unit
) AS charged
INNER JOIN merchant ON merchant.id = charged.merchant_key
INNER JOIN issuer ON issuer.id = charged.issuer_key
LEFT JOIN account AS payer
    ON
        payer.unit = charged.unit
        AND payer.issuer_id = charged.issuer_key
        AND payer.chart = charged.payer || '_fees'
        AND (payer.merchant_id = charged.merchant_key OR charged.payer = 'issuer')
LEFT JOIN account AS house
    ON house.unit = charged.unit AND house.chart = 'house_fees' AND house.issuer_id IS NULL
ORDER BY
    merchant.merchant_id COLLATE "C",
    issuer.institution_id COLLATE "C",
    charged.fee_id,
    charged.kind;

-- name: insert_charges
-- With the leg that each was posted by.
-- notes: fee_charge
INSERT INTO fee_charge AS t (
    business_date, merchant_id, issuer_id, fee_id, kind, items, base_minor, fee_minor, unit,
    journal_id, leg
)
SELECT
    %(business_date)s::date,
    unnest(%(merchant_id)s::integer []),
    unnest(%(issuer_id)s::smallint []),
    unnest(%(fee_id)s::integer []),
    unnest(%(kind)s::text []),
    unnest(%(items)s::integer []),
    unnest(%(base_minor)s::bigint []),
    unnest(%(fee_minor)s::bigint []),
    unnest(%(unit)s::text []),
    unnest(%(journals)s::bigint []),
    unnest(%(legs)s::smallint []);

-- name: charged
-- What was charged of a date, to be compared with what would be.
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
ORDER BY merchant_id, issuer_id, fee_id, kind;
