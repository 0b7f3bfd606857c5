-- What members come to pick up.

-- name: call_off_pickup
-- What was open of a voucher is no more: its member says another store or hour.
-- notes: pickup
UPDATE pickup AS t SET state = 'called_off', ended_at = %(at)s
WHERE t.card_id = %(card)s AND t.ended_at IS NULL;

-- name: add_pickup
-- Its store has it in its queue from now on.
-- notes: pickup
INSERT INTO pickup AS t (id, card_id, member_id, store_id, due_at, asked_at)
SELECT
    nextval('pickup_number'),
    %(card)s,
    %(member)s,
    %(store)s,
    %(due_at)s,
    %(at)s
RETURNING t.id;

-- name: prepare_pickup
-- It is ready.
-- notes: pickup
UPDATE pickup AS t SET state = 'prepared', prepared_by = %(by)s, prepared_at = %(at)s
WHERE t.id = %(id)s;

-- name: end_pickup
-- Nobody comes for it.
-- notes: pickup
UPDATE pickup AS t SET state = 'called_off', ended_at = %(at)s
WHERE t.id = %(id)s;

-- name: hand_over_pickup
-- It was handed over at its store, or at another.
-- notes: pickup
UPDATE pickup AS t SET state = 'handed_over', ended_at = %(at)s
WHERE t.card_id = %(card)s AND t.ended_at IS NULL;
