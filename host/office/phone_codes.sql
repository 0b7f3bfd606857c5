-- Codes that were sent to phones, and members who sign in by them.

-- name: keep_code
-- The newest for this; the one before is worth nothing.
-- notes: phone_code
INSERT INTO phone_code AS t (phone_hash, sent_for, code_hash, sent_at)
VALUES (%(phone)s, %(sent_for)s, %(code)s, %(now)s)
ON CONFLICT ON CONSTRAINT phone_code_once DO UPDATE
    SET
        code_hash = excluded.code_hash,
        sent_at = excluded.sent_at,
        tries = 0;

-- name: code_of
-- What was sent, held so that tries are counted one by one.
SELECT
    code_hash,
    sent_at,
    tries
FROM phone_code
WHERE phone_hash = %(phone)s AND sent_for = %(sent_for)s
FOR UPDATE;

-- name: count_wrong
-- Another was typed.
-- notes: phone_code
UPDATE phone_code AS t SET tries = t.tries + 1
WHERE t.phone_hash = %(phone)s AND t.sent_for = %(sent_for)s AND t.tries < 100;

-- name: end_code
-- It was right, and is used.
-- notes: phone_code
DELETE FROM phone_code AS t
WHERE t.phone_hash = %(phone)s AND t.sent_for = %(sent_for)s;

-- name: person_of_member
-- Who a member is where they sign in.
SELECT
    p.id,
    p.login
FROM person AS p
WHERE p.member_id = %s;

-- name: add_person_of_member
-- They sign in for the first time.
-- notes: person
INSERT INTO person AS t (login, name, member_id, created_at)
VALUES ('member:' || %(member)s::bigint, '', %(member)s, %(now)s)
ON CONFLICT ON CONSTRAINT person_of_member DO NOTHING
RETURNING t.id;

-- name: let_member_in
-- They have the phone. Wrong pay PINs stay counted: a code makes nobody guess one again.
-- notes: person
UPDATE person AS t
SET
    state = 'active',
    signed_in_at = %(now)s
WHERE t.id = %(id)s;

-- name: member_at_the_door
-- As they stand, held until the end of the transaction.
SELECT state FROM member WHERE id = %s FOR UPDATE;

-- name: phone_of_member
-- To which their codes are sent.
SELECT
    phone_hash,
    phone_sealed
FROM member
WHERE id = %s AND record_at = '';

-- name: set_pay_pin
-- Another, and tries begin anew.
-- notes: person
UPDATE person AS t
SET
    pay_pin_hash = %(hash)s,
    failures = 0,
    locked_until = NULL
WHERE t.id = %(id)s;
