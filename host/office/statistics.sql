-- What was traded, as people ask for it: told by what the night has left of each date.

-- name: stat_transactions
-- Of a day, a week or a month by its first day: what was taken and refused, by merchant, store and
-- kind. What is of no store is the merchant's; what nobody knows the store of is of nobody. Value
-- is told in the house's unit; points are counted beside it.
WITH span AS (
    SELECT DISTINCT
        length.period,
        date_trunc(length.period, d.business_date::timestamp)::date AS starts_on,
        (date_trunc(length.period, d.business_date::timestamp) + length.time)::date AS ends_before
    FROM business_day AS d
    CROSS JOIN
        (
            VALUES
            ('day', interval '1 day'),
            ('week', interval '7 days'),
            ('month', interval '1 month')
        ) AS length (period, time)
)

SELECT
    span.period,
    span.starts_on,
    coalesce(m.merchant_id, '-') AS merchant,
    coalesce(told.store_id::text, '-') AS store,
    told.kind,
    told.channel,
    told.transactions,
    told.net_minor,
    told.mean_minor,
    told.points_earned,
    told.points_taken,
    told.declined AS declines,
    round(100 * told.declined / (told.transactions + told.declined), 1)::text AS declined_percent,
    told.reasons AS decline_reasons,
    told.merchant_fee_minor,
    told.issuer_fee_minor,
    told.merchant_id AS of_merchant,
    told.store_id AS of_store
FROM span
CROSS JOIN
    LATERAL (  -- noqa: ST05
        WITH by_reason AS (
            SELECT
                p.merchant_id,
                p.store_id,
                p.kind,
                p.channel,
                '' AS reason,
                sum(p.items) AS transactions,
                coalesce(sum(p.items) FILTER (WHERE p.unit = 'CNY'), 0) AS valued,
                coalesce(sum(p.amount_minor) FILTER (WHERE p.unit = 'CNY'), 0) AS net_minor,
                sum(p.points_earned) AS points_earned,
                coalesce(sum(p.amount_minor) FILTER (WHERE p.unit LIKE 'P:%%'), 0)
                    AS points_taken,
                0 AS declined,
                coalesce(sum(p.merchant_fee_minor) FILTER (WHERE p.unit = 'CNY'), 0)
                    AS merchant_fee_minor,
                coalesce(sum(p.issuer_fee_minor) FILTER (WHERE p.unit = 'CNY'), 0)
                    AS issuer_fee_minor
            FROM position_part AS p
            WHERE p.business_date >= span.starts_on AND p.business_date < span.ends_before
            GROUP BY p.merchant_id, p.store_id, p.kind, p.channel
            UNION ALL
            SELECT
                r.merchant_id,
                r.store_id,
                r.kind,
                r.channel,
                r.reason,
                0 AS transactions,
                0 AS valued,
                0 AS net_minor,
                0 AS points_earned,
                0 AS points_taken,
                sum(r.items) AS declined,
                0 AS merchant_fee_minor,
                0 AS issuer_fee_minor
            FROM declined_part AS r
            WHERE r.business_date >= span.starts_on AND r.business_date < span.ends_before
            GROUP BY r.merchant_id, r.store_id, r.kind, r.channel, r.reason
        )

        SELECT
            by_reason.merchant_id,
            by_reason.store_id,
            by_reason.kind,
            by_reason.channel,
            sum(by_reason.transactions)::bigint AS transactions,
            sum(by_reason.net_minor)::bigint AS net_minor,
            round(sum(by_reason.net_minor) / nullif(sum(by_reason.valued), 0))::bigint
                AS mean_minor,
            sum(by_reason.points_earned)::bigint AS points_earned,
            sum(by_reason.points_taken)::bigint AS points_taken,
            sum(by_reason.declined)::bigint AS declined,
            array_agg(
                concat_ws(' ', by_reason.reason, by_reason.declined)
                ORDER BY by_reason.declined DESC, by_reason.reason ASC
            ) FILTER (WHERE by_reason.declined > 0) AS reasons,
            sum(by_reason.merchant_fee_minor)::bigint AS merchant_fee_minor,
            sum(by_reason.issuer_fee_minor)::bigint AS issuer_fee_minor
        FROM by_reason
        GROUP BY by_reason.merchant_id, by_reason.store_id, by_reason.kind, by_reason.channel
    ) AS told
LEFT JOIN merchant AS m ON told.merchant_id = m.id;

-- name: batch_figures
-- How the cards of one batch stand now, and what is left on them: each card and its purse once. Of
-- a batch of more than 200,000 nothing is told, for that would take seconds.
SELECT
    b.id,
    b.code AS batch,
    n.cards,
    f.sold,
    f.inactive,
    f.active,
    f.voided,
    f.outstanding_minor,
    (SELECT o.currency FROM issuer AS o WHERE o.id = b.issuer_id) AS unit,
    b.issuer_id AS of_issuer
FROM card_batch AS b
INNER JOIN LATERAL (
    SELECT coalesce(sum(p.made), 0)::bigint AS cards
    FROM card_batch_part AS p
    WHERE p.batch_id = b.id
) AS n ON true
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE c.sale = 'sold') AS sold,
        count(*) FILTER (WHERE c.status = 'inactive') AS inactive,
        count(*) FILTER (WHERE c.status = 'active') AS active,
        count(*) FILTER (WHERE c.status = 'voided') AS voided,
        coalesce(sum((
            SELECT u.posted_minor FROM purse AS u
            WHERE
                u.shard = c.shard
                AND u.card_id = c.id
                AND u.unit = (SELECT o.currency FROM issuer AS o WHERE o.id = c.issuer_id)
        )), 0)::bigint AS outstanding_minor
    FROM card_batch_part AS p
    INNER JOIN card AS c ON c.id >= p.id::bigint << 32 AND c.id < (p.id::bigint + 1) << 32
    WHERE p.batch_id = b.id
) AS f ON n.cards <= 200000;
