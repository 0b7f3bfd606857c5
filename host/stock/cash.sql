-- Cash that people take for cards at counters, and hand in.

-- name: day
-- The open business date.
SELECT d.business_date FROM business_day AS d WHERE d.state = 'open';

-- name: card_to_load
-- Where a card lives, whose it is, in which money, and whether this merchant takes it.
SELECT
    c.shard,
    c.pan_hash,
    c.issuer_id,
    i.currency,
    %(merchant)s::integer IS NULL OR EXISTS (
        SELECT FROM acceptance AS a
        WHERE a.merchant_id = %(merchant)s AND a.issuer_id = c.issuer_id
    ) AS is_taken_here
FROM card AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
WHERE c.id = %(card)s;

-- name: masked_card
-- As its number is shown.
SELECT c.pan_masked FROM card AS c WHERE c.id = %s;

-- name: hold_taker
-- One after the other takes cash, of each person.
SELECT p.id FROM person AS p WHERE p.login = %s FOR UPDATE;

-- name: of_receipt
-- What somebody has written this receipt for.
SELECT
    t.id,
    t.card_id,
    t.amount_minor,
    t.state
FROM cash_load AS t
WHERE t.taken_by = %s AND t.receipt = %s AND t.state <> 'refused';

-- name: owed
-- What somebody owes, with what they are about to.
SELECT coalesce(sum(t.amount_minor), 0)::bigint
FROM cash_load AS t
WHERE t.taken_by = %s AND t.state IN ('asked', 'taken');

-- name: add_load
-- About to be taken.
-- notes: cash_load
INSERT INTO cash_load AS t (
    receipt, taken_by, merchant_id, store_id, issuer_id, shard, card_id, amount_minor, asked_at,
    taken_on
)
VALUES (
    %(receipt)s, %(taken_by)s, %(merchant_id)s, %(store_id)s, %(issuer_id)s, %(shard)s, %(card)s,
    %(amount_minor)s, %(now)s, %(today)s
)
RETURNING t.id;

-- name: refuse_load
-- It was not taken.
-- notes: cash_load
UPDATE cash_load AS t SET state = 'refused' WHERE t.id = %s AND t.state = 'asked';

-- name: load_of
-- One, as the poster is asked for it.
SELECT
    t.id,
    t.card_id,
    t.amount_minor,
    i.currency
FROM cash_load AS t
INNER JOIN issuer AS i ON t.issuer_id = i.id
WHERE t.id = %s;

-- name: open_loads
-- What somebody has taken and not handed in, held until the end of the transaction.
SELECT
    t.id,
    t.amount_minor
FROM cash_load AS t
WHERE t.taken_by = %s AND t.state = 'taken' AND t.hand_in_id IS NULL
ORDER BY t.id
FOR UPDATE;

-- name: add_hand_in
-- So much was counted.
-- notes: cash_hand_in
INSERT INTO cash_hand_in AS t (taken_by, amount_minor, slip, counted_by, handed_on, handed_at)
VALUES (%(taken_by)s, %(amount_minor)s, %(slip)s, %(counted_by)s, %(today)s, %(now)s)
RETURNING t.id;

-- name: put_into
-- They are of what was handed in together.
-- notes: cash_load
UPDATE cash_load AS t SET hand_in_id = %s WHERE t.id = any(%s::bigint []);

-- name: next_of
-- Of what was handed in together the next that is still owed, and how many are.
SELECT
    t.id,
    t.card_id,
    t.amount_minor,
    i.currency,
    count(*) OVER () AS owed
FROM cash_load AS t
INNER JOIN issuer AS i ON t.issuer_id = i.id
WHERE t.hand_in_id = %s AND t.state = 'taken'
ORDER BY t.id
LIMIT 1;
