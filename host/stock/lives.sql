-- What people do to one card, and whom cards are bound to.

-- name: card_by_number
-- By the hash of its number, held until the end of the transaction.
SELECT
    shard,
    pan_hash,
    id,
    issuer_id,
    status,
    coalesce(sale, ''),
    part_id,
    valid_to,
    member_id,
    code_hash
FROM card WHERE shard = %s AND pan_hash = %s
FOR UPDATE;

-- name: card_by_id
-- By its number in the book, held until the end of the transaction.
SELECT
    shard,
    pan_hash,
    id,
    issuer_id,
    status,
    coalesce(sale, ''),
    part_id,
    valid_to,
    member_id,
    code_hash
FROM card WHERE id = %s
FOR UPDATE;

-- name: set_status
-- Frozen, lost, stolen, or released.
-- notes: card
UPDATE card AS t SET status = %s WHERE t.shard = %s AND t.pan_hash = %s;

-- name: extend
-- A later last day; one that had expired is in use again.
-- notes: card
UPDATE card AS t SET valid_to = %s, status = %s WHERE t.shard = %s AND t.pan_hash = %s;

-- name: has_purse
-- Whether anything was ever posted to it.
SELECT exists(SELECT FROM purse WHERE shard = %s AND card_id = %s);

-- name: bind
-- To another member.
-- notes: card
UPDATE card AS t SET member_id = %s WHERE t.shard = %s AND t.pan_hash = %s;

-- name: member_of_phone
-- Who has this phone.
SELECT id, state FROM member WHERE phone_hash = %s;

-- name: add_member
-- A phone that nobody had becomes a member.
-- notes: member
INSERT INTO member AS t (
    phone_hash, phone_sealed, phone_masked, name, merchant_id, made_by, made_at
)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT member_by_phone DO NOTHING
RETURNING t.id;

-- name: tries
-- Wrong tries of the last hour, by any of these.
SELECT coalesce(max(tries), 0)::smallint FROM code_try
WHERE source = any(%s) AND began_at > %s;

-- name: count_try
-- Another wrong one; an hour after the first it is the first again.
-- notes: code_try
INSERT INTO code_try AS t (source, tries, began_at)
VALUES (%(source)s, 1, %(now)s)
ON CONFLICT ON CONSTRAINT code_try_once DO UPDATE SET
    tries = CASE WHEN t.began_at > %(since)s THEN least(t.tries + 1, 1000) ELSE 1 END,
    began_at = CASE WHEN t.began_at > %(since)s THEN t.began_at ELSE excluded.began_at END;

-- name: void
-- It has ended. What is left on it is written back by a posting of its own.
-- notes: card
UPDATE card AS t SET status = 'voided', code_hash = NULL, code_sealed = NULL
WHERE t.shard = %s AND t.pan_hash = %s;
