-- What members pay over ports for cards.

-- name: card_to_pay
-- Where a card lives, whose money is on it, and how much it may still take.
SELECT
    c.shard,
    c.issuer_id,
    i.currency,
    c.pan_masked,
    coalesce(v.is_reloadable, true) AND c.status = 'active' AS may_be_loaded,
    (
        least(i.balance_minor_max, coalesce(v.balance_minor_max, i.balance_minor_max))
        - coalesce(p.posted_minor - p.held_minor, 0)
    )::bigint AS room_minor,
    least(i.amount_minor_max, coalesce(v.amount_minor_max, i.amount_minor_max)) AS most_minor
FROM card AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
LEFT JOIN card_batch_part AS q ON c.part_id = q.id
LEFT JOIN card_batch AS b ON q.batch_id = b.id
LEFT JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version
LEFT JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id AND p.unit = i.currency
WHERE c.id = %(card)s;

-- name: card_of_phone
-- The card in use of who has a number that may be loaded and is theirs for the longest.
SELECT c.id
FROM member AS m
INNER JOIN card AS c ON m.id = c.member_id AND c.status = 'active'
LEFT JOIN card_batch_part AS q ON c.part_id = q.id
LEFT JOIN card_batch AS b ON q.batch_id = b.id
LEFT JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version
WHERE
    m.phone_hash = %(phone)s
    AND m.record_at = ''
    AND m.state = 'active'
    AND coalesce(v.is_reloadable, true)
ORDER BY
    coalesce(c.valid_to, to_date('20' || c.expiry || '01', 'YYYYMMDD')) DESC,
    c.id ASC
LIMIT 1;

-- name: next_number
-- Of the payment that is about to be.
SELECT nextval('port_payment_number');

-- name: add_payment
-- It is to be paid.
-- notes: port_payment
INSERT INTO port_payment AS t (
    id, port, order_number, member_id, asked_by, issuer_id, shard, card_id, amount_minor, plan,
    asked_at, expires_at, next_look_at
)
VALUES (
    %(id)s, %(port)s, %(order)s, %(member)s, %(asked_by)s, %(issuer)s, %(shard)s, %(card)s,
    %(amount_minor)s, %(plan)s, %(now)s, %(expires_at)s, %(next_look_at)s
)
RETURNING t.id;

-- name: payment
-- One, held until the end of the transaction.
SELECT
    t.id,
    t.port,
    t.order_number,
    t.member_id,
    t.asked_by,
    t.issuer_id,
    t.card_id,
    t.amount_minor,
    t.plan,
    t.expires_at,
    t.state,
    t.reference,
    t.paid_at,
    t.looks
FROM port_payment AS t WHERE t.id = %(id)s
FOR UPDATE;

-- name: due
-- Those of which the port is to be asked; others are at some of them already.
SELECT t.id
FROM port_payment AS t
WHERE t.next_look_at <= %(now)s
ORDER BY t.next_look_at
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;

-- name: stands
-- What is known of it now, and when its port is asked again.
-- notes: port_payment
UPDATE port_payment AS t
SET
    state = %(state)s,
    reference = %(reference)s,
    paid_at = %(paid_at)s,
    refunded_at = CASE
        WHEN %(state)s = %(refunded)s THEN coalesce(t.refunded_at, %(now)s::timestamptz)
    END,
    refusal = CASE
        WHEN %(is_late)s THEN coalesce(nullif(t.refusal, ''), 'late') ELSE t.refusal
    END,
    looks = %(looks)s,
    next_look_at = %(next_look_at)s
WHERE t.id = %(id)s;

-- name: look_at
-- Its port is asked at that time.
-- notes: port_payment
UPDATE port_payment AS t SET next_look_at = %(now)s WHERE t.id = %(id)s;

-- name: give_back
-- It does not go onto the card: the port gives it back.
-- notes: port_payment
UPDATE port_payment AS t
SET
    state = 'refunding',
    refusal = %(refusal)s,
    next_look_at = %(now)s
WHERE t.id = %(id)s AND t.state = 'paid';

-- name: more_paid
-- One payment more than counts.
-- notes: port_payment_more
INSERT INTO port_payment_more AS t (payment_id, reference, amount_minor, paid_at, seen_at)
VALUES (%(id)s, %(reference)s, %(amount_minor)s, %(paid_at)s, %(now)s)
ON CONFLICT ON CONSTRAINT port_payment_more_once DO NOTHING;

-- name: more_refunded
-- It was given back.
-- notes: port_payment_more
UPDATE port_payment_more AS t SET refunded_at = %(now)s
WHERE t.payment_id = %(id)s AND t.reference = %(reference)s AND t.refunded_at IS NULL;
