-- What people at a counter see of their own work.

-- name: counter_work
-- What came of vouchers that somebody has redeemed, and of what they have taken back: the lines
-- that its jobs have left.
SELECT
    h.id,
    h.at,
    h.action,
    substr(h.source, 5)::bigint AS job,
    h.outcome,
    h.after ->> 'voucher' AS voucher,
    (h.after ->> 'taken')::bigint AS taken,
    h.after ->> 'unit' AS unit,
    h.after ->> 'rrn' AS rrn,
    CASE WHEN h.action = 'transaction.void' THEN h.subject_key ELSE '' END AS of_rrn,
    h.person_id AS who,
    h.merchant_id AS of_merchant,
    h.store_id AS of_store
FROM history AS h
WHERE h.action IN ('voucher.redeem', 'transaction.void') AND starts_with(h.source, 'job/');
