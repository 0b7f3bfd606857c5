-- What people do to one card, and whom cards are bound to.

-- name: card_of_number
-- By the hash of its number, with what it is activated by. The poster may write it meanwhile.
SELECT
    id,
    issuer_id,
    code_hash
FROM card WHERE shard = %s AND pan_hash = %s;

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
    code_hash,
    expired_from,
    breakage_on
FROM card WHERE id = %s
FOR UPDATE;

-- name: set_status
-- Frozen, lost, stolen, or released.
-- notes: card
UPDATE card AS t SET status = %s WHERE t.shard = %s AND t.pan_hash = %s;

-- name: extend
-- A later last day; one that had expired stands as it did.
-- notes: card
UPDATE card AS t
SET
    valid_to = %s,
    status = %s,
    expired_from = NULL,
    breakage_on = NULL
WHERE t.shard = %s AND t.pan_hash = %s;

-- name: was_taken
-- Whether anything of a card became its issuer's, or is about to.
SELECT exists(
    SELECT FROM move AS m
    WHERE m.shard = %s AND m.card_id = %s AND m.name = 'breakage' AND m.state <> 'refused'
) AS was_taken;

-- name: purse_of_card
-- Whether anything was ever posted to it, and whether it has something.
SELECT
    count(*) > 0,
    coalesce(bool_or(posted_minor > 0), false)
FROM purse WHERE shard = %s AND card_id = %s;

-- name: bind
-- To another member, or of a bearer's card to its first: its activation password ends with that.
-- notes: card
UPDATE card AS t SET
    member_id = %(member)s,
    member_since = CASE WHEN t.member_id = %(member)s THEN t.member_since ELSE %(at)s END,
    code_hash = NULL,
    code_sealed = NULL
WHERE t.shard = %(shard)s AND t.pan_hash = %(pan_hash)s;

-- name: member_of_phone
-- Who has this phone: the holder, whoever keeps a record of them.
SELECT id, state FROM member WHERE phone_hash = %s AND record_at = '';

-- name: holder_of
-- To whom cards of a member are bound: of a record of somebody's own, its holder.
SELECT h.id
FROM member AS m
INNER JOIN member AS h ON m.phone_hash = h.phone_hash
WHERE m.id = %s AND h.record_at = '';

-- name: add_member
-- A phone that nobody had becomes a member.
-- notes: member
INSERT INTO member AS t (
    phone_hash, phone_sealed, phone_masked, name, merchant_id, made_by, made_at
)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT member_by_phone DO NOTHING
RETURNING t.id;

-- name: count_tries
-- A try more for each, before anything is looked at: whoever tries at the same time waits here for
-- the end of this transaction, so no two read one count. Some time after the first it is the first
-- again. In the order of their names, so that no two wait for each other.
-- notes: code_try
INSERT INTO code_try AS t (source, tries, began_at)
SELECT
    k.source,
    1,
    %(now)s
FROM unnest(%(by)s::text []) AS k (source)
ORDER BY k.source
ON CONFLICT ON CONSTRAINT code_try_once DO UPDATE
    SET
        tries = CASE WHEN t.began_at > %(since)s THEN least(t.tries + 1, 1000) ELSE 1 END,
        began_at = CASE WHEN t.began_at > %(since)s THEN t.began_at ELSE excluded.began_at END
RETURNING t.source, t.tries;

-- name: give_back_tries
-- The password was right.
-- notes: code_try
UPDATE code_try AS t SET tries = t.tries - 1
WHERE t.source = any(%(by)s::text []) AND t.tries > 0;

-- name: void
-- It has ended. What is left on it is written back by a posting of its own.
-- notes: card
UPDATE card AS t SET status = 'voided', code_hash = NULL, code_sealed = NULL
WHERE t.shard = %s AND t.pan_hash = %s;
