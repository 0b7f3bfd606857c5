-- Batches of terminals, for who trades at them.

-- name: terminal_batches
-- Each from its first settlement or upload on: what the terminal told, what the host counted, and
-- what the terminal has more. Eight numbers: money debit and how often, credit and how often, then
-- the same in points.
SELECT
    b.business_date,
    b.terminal_id,
    b.institution AS channel,
    b.epoch,
    m.merchant_id AS merchant,
    t.store_id AS store,
    b.state AS terminal_batch_state,
    b.told AS told_totals,
    b.counted AS counted_totals,
    (
        SELECT array_agg(pair.told - pair.counted ORDER BY pair.place)
        FROM unnest(b.told, b.counted) WITH ORDINALITY AS pair (told, counted, place)
        WHERE b.told IS NOT NULL
    ) AS totals_apart,
    coalesce(b.told <> b.counted, true) AS differs,
    b.settled_at,
    b.closed_at,
    s.merchant_id AS of_merchant,
    t.store_id AS of_store
FROM terminal_batch AS b
INNER JOIN terminal AS t ON b.terminal_id = t.terminal_id
INNER JOIN store AS s ON t.store_id = s.id
INNER JOIN merchant AS m ON s.merchant_id = m.id;
