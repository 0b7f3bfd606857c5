-- What a date's transactions cost who made them and whose cards they were of. Laid out from the
-- date's lines (`queries.sql`), which stand for as long as the run does.

-- name: fees_begun
-- Whether any fee has begun by then: else nothing is laid out for it.
SELECT id FROM fee
WHERE since <= %(business_date)s
ORDER BY id
LIMIT 1;

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
    WHERE day_line.is_main AND (day_line.original IS NOT NULL OR day_line.kind = 'refund')
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

-- name: lay_out_fee_parts
-- How much of what each line is of stands after it, and stood before.
CREATE TEMPORARY TABLE day_fee_part ON COMMIT DROP AS
SELECT
    day_line.shard,
    day_line.number,
    day_line.channel,
    day_line.merchant_key,
    day_line.issuer_key,
    day_line.unit,
    coalesce(base.kind, day_line.kind) AS kind,
    coalesce(base.begun_on, %(business_date)s::date) AS begun_on,
    coalesce(base.is_of_refund, false) AS is_of_refund,
    coalesce(base.before_minor, 0) AS before_minor,
    coalesce(base.after_minor, abs(day_line.amount_minor)) AS after_minor
FROM day_line
LEFT JOIN day_fee_base AS base
    ON
        base.shard = day_line.shard
        AND base.number = day_line.number
        AND base.merchant_key = day_line.merchant_key
        AND base.issuer_key = day_line.issuer_key
WHERE day_line.is_main;

-- name: analyze_fee_parts
-- Joins are planned for the rows that are there.
ANALYZE day_fee_part;

-- name: lay_out_fee_choices
-- Which fee each pays who traded so: that which names most of who it is, the latest of those. A
-- merchant's counts more than an issuer's, that more than a trade, that more than a channel. Points
-- are worth what they pay beside money on the day of their sale; pieces are worth nothing, and cost
-- what each transaction costs.
CREATE TEMPORARY TABLE day_fee_choice ON COMMIT DROP AS
WITH traded AS (
    SELECT
        merchant_key,
        issuer_key,
        channel,
        kind,
        begun_on,
        unit
    FROM day_fee_part
    GROUP BY merchant_key, issuer_key, channel, kind, begun_on, unit
)

SELECT
    traded.merchant_key,
    traded.issuer_key,
    traded.channel,
    traded.kind,
    traded.begun_on,
    traded.unit,
    issuer.currency,
    CASE WHEN traded.unit = issuer.currency THEN 1 ELSE coalesce(price.worth_minor, 0) END AS times,
    coalesce(price.points, 1) AS per,
    chosen.*
FROM traded
INNER JOIN merchant ON merchant.id = traded.merchant_key
INNER JOIN issuer ON issuer.id = traded.issuer_key
CROSS JOIN (VALUES ('merchant'), ('issuer')) AS pays (payer)
CROSS JOIN
    LATERAL (
        SELECT
            said.id AS fee_id,
            said.payer,
            said.is_returned,
            said.from_minor,
            said.flat_minor,
            said.millionths,
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
    ) AS chosen
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
) AS price ON true;

-- name: analyze_fee_choices
-- Joins are planned for the rows that are there.
ANALYZE day_fee_choice;

-- name: lay_out_fee_lines
-- The fee of each line and payer: what it is of what stands after it, less what it was of what
-- stood before; nothing where nothing stands. They stand for as long as the run does. What is
-- reckoned in turn is kept apart by OFFSET, or each reckoning would be done again in the next.
CREATE TEMPORARY TABLE day_fee_line AS
WITH worth AS (
    SELECT
        part.shard,
        part.number,
        part.merchant_key,
        part.issuer_key,
        part.kind,
        part.before_minor > 0 AS stood,
        part.after_minor > 0 AS stands,
        choice.fee_id,
        choice.payer,
        choice.currency,
        choice.from_minor,
        choice.flat_minor,
        choice.millionths,
        choice.fee_min_minor,
        choice.fee_max_minor,
        part.before_minor * choice.times / choice.per AS before_minor,
        part.after_minor * choice.times / choice.per AS after_minor
    FROM day_fee_part AS part
    INNER JOIN day_fee_choice AS choice
        USING (merchant_key, issuer_key, channel, kind, begun_on, unit)
    WHERE choice.is_returned OR NOT part.is_of_refund
    OFFSET 0  -- noqa: AM09
),

tier AS (
    SELECT
        worth.*,
        width_bucket(worth.before_minor, worth.from_minor) AS before_tier,
        width_bucket(worth.after_minor, worth.from_minor) AS after_tier
    FROM worth
    OFFSET 0  -- noqa: AM09
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
    after_minor - before_minor AS base_minor,
    CASE WHEN stands THEN fee_of_worth(
        after_minor, flat_minor[after_tier], millionths[after_tier], fee_min_minor, fee_max_minor
    ) ELSE 0 END
    - CASE WHEN stood THEN fee_of_worth(
        before_minor, flat_minor[before_tier], millionths[before_tier], fee_min_minor, fee_max_minor
    ) ELSE 0 END AS fee_minor
FROM tier;

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

-- name: analyze_no_fee_lines
-- As above.
ANALYZE day_fee_line;

-- name: analyze_fee_lines
-- Joins are planned for the rows that are there.
ANALYZE day_fee_line;

-- name: charges
-- What is charged: by merchant and issuer, then by fee and kind, and between which accounts.
WITH charged AS (
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
FROM charged
INNER JOIN merchant ON merchant.id = charged.merchant_key
INNER JOIN issuer ON issuer.id = charged.issuer_key
LEFT JOIN payer
    ON
        payer.unit = charged.unit
        AND payer.issuer_id = charged.issuer_key
        AND payer.payer = charged.payer
        AND payer.merchant_key
        = CASE charged.payer WHEN 'merchant' THEN charged.merchant_key ELSE 0 END
LEFT JOIN account AS house
    ON house.unit = charged.unit AND house.chart = 'house_fees' AND house.issuer_id IS NULL
ORDER BY
    charged.merchant_key,
    charged.issuer_key,
    charged.fee_id,
    charged.kind COLLATE "C";

-- name: insert_charges
-- With the leg that each was posted by.
-- notes: fee_charge together
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
