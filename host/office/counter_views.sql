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

-- name: pickup_queue
-- What members come for at a store, what is due first before the rest, while its voucher is theirs
-- and not used. Vouchers are looked up for each, so that rows come in the order of their hours.
SELECT
    p.id AS pickup,
    p.due_at AS comes_at,
    o.name,
    o.code_last,
    p.state AS pickup_state,
    p.asked_at,
    p.prepared_by,
    p.prepared_at,
    p.store_id AS of_store
FROM pickup AS p
INNER JOIN LATERAL (
    SELECT
        b.name,
        right(c.pan_masked, 4) AS code_last
    FROM card AS c
    INNER JOIN card_batch_part AS q ON c.part_id = q.id
    INNER JOIN card_batch AS b ON q.batch_id = b.id
    WHERE c.id = p.card_id AND c.member_id = p.member_id AND c.status = 'claimed'
    ORDER BY c.id
    LIMIT 1
) AS o ON true
WHERE p.ended_at IS NULL;

-- name: my_pickups
-- The same for who comes.
SELECT
    p.id AS pickup,
    p.due_at AS comes_at,
    (SELECT s.name FROM store AS s WHERE s.id = p.store_id) AS at_store,
    o.name,
    p.card_id AS card,
    p.state AS pickup_state,
    p.member_id AS of_member
FROM pickup AS p
INNER JOIN LATERAL (
    SELECT b.name
    FROM card AS c
    INNER JOIN card_batch_part AS q ON c.part_id = q.id
    INNER JOIN card_batch AS b ON q.batch_id = b.id
    WHERE c.id = p.card_id AND c.member_id = p.member_id AND c.status = 'claimed'
    ORDER BY c.id
    LIMIT 1
) AS o ON true
WHERE p.ended_at IS NULL;

-- name: paid_at_store
-- What members have paid by a store's code.
SELECT
    h.id,
    h.at,
    (h.after ->> 'store')::integer AS store,
    (h.after ->> 'amount_minor')::bigint AS amount_minor,
    h.after ->> 'rrn' AS rrn,
    (h.after ->> 'merchant')::integer AS of_merchant,
    (h.after ->> 'store')::integer AS of_store
FROM history AS h
WHERE h.action = 'pay.scan' AND h.outcome = 'done' AND starts_with(h.source, 'job/');
