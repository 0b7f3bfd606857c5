-- Stores as they trade today.

-- name: open_day
-- The business date that is open, and since when.
SELECT
    business_date,
    opened_at
FROM business_day
WHERE state = 'open';

-- name: stores_of_merchant
-- From one on, each with its terminals.
SELECT
    s.id,
    s.name,
    s.region,
    s.is_active,
    array(
        SELECT t.terminal_id FROM terminal AS t
        WHERE t.store_id = s.id
        ORDER BY t.terminal_id
    ) AS terminals
FROM store AS s
WHERE s.merchant_id = %(merchant)s AND s.id > %(after)s
ORDER BY s.id
LIMIT %(limit)s;

-- name: sums
-- Of journals that were found, terminal by terminal: how many of them stand, what they come to less
-- what was given back of them, and how many vouchers they took. Points are no money.
SELECT
    k.terminal_id,
    count(*) FILTER (WHERE k.kind = any(%(pays)s::text []) AND n.stands) AS sales,
    coalesce(
        sum(n.net_minor) FILTER (WHERE k.kind = any(%(pays)s::text []) AND n.is_money), 0
    )::bigint AS net_minor,
    count(*) FILTER (WHERE k.kind = %(redeems)s AND n.stands) AS redeemed
FROM
    unnest(
        %(terminals)s::text [], %(kinds)s::text [], %(shards)s::smallint [], %(numbers)s::bigint []
    ) AS k (terminal_id, kind, shard, id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        journal.amount_minor - coalesce(given.back_minor, 0) AS net_minor,
        journal.amount_minor > coalesce(given.back_minor, 0) AS stands,
        position(':' IN journal.unit) = 0 AS is_money
    FROM journal
    LEFT JOIN LATERAL (
        SELECT sum(undo.amount_minor) AS back_minor
        FROM undo
        WHERE undo.shard = k.shard AND undo.original_id = k.id AND NOT undo.is_moot
    ) AS given ON true
    WHERE
        journal.shard = k.shard
        AND journal.id = k.id
        AND journal.merchant_id = %(merchant)s
    ORDER BY journal.id
    OFFSET 0
) AS n ON true
GROUP BY k.terminal_id;

-- name: redeemed_by_hand
-- What came of vouchers at the counters of these stores since a moment: taken, less taken back.
SELECT
    k.store_id,
    count(*) FILTER (WHERE h.action = 'voucher.redeem')
    - count(*) FILTER (WHERE h.action = 'transaction.void') AS redeemed,
    max(h.at) FILTER (WHERE h.action = 'voucher.redeem') AS last_at
FROM unnest(%(stores)s::integer []) AS k (store_id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        history.action,
        history.at
    FROM history
    WHERE
        history.store_id = k.store_id
        AND history.at >= %(since)s
        AND history.action IN ('voucher.redeem', 'transaction.void')
        AND history.outcome = 'done'
        AND starts_with(history.source, 'job/')
    ORDER BY history.at
    OFFSET 0
) AS h ON true
GROUP BY k.store_id;
