-- Files of the office: sealed pieces, and whose they are.

-- name: add_file
-- One that was sent, or is to be made.
-- notes: office_file
INSERT INTO office_file AS t (
    kind, name, person_id, issuer_id, merchant_id, store_id, alliance_id, enterprise_id, state,
    bytes, sha256, password_sealed, made_at, expires_at
)
VALUES (
    %(kind)s, %(name)s, %(person)s, %(issuer_id)s, %(merchant_id)s, %(store_id)s,
    %(alliance_id)s, %(enterprise_id)s, %(state)s, %(bytes)s, %(sha256)s, %(password)s, %(now)s,
    %(until)s
)
RETURNING t.id;

-- name: seal_password
-- The workbook's, bound to its file.
-- notes: office_file
UPDATE office_file AS t SET password_sealed = %(password)s
WHERE t.id = %(id)s;

-- name: add_piece
-- The next of a file.
-- notes: office_file_piece
INSERT INTO office_file_piece AS t (file_id, number, sealed)
VALUES (%s, %s, %s);

-- name: file
-- What is known of one, held until the end of the transaction.
SELECT
    kind,
    name,
    person_id,
    state,
    bytes,
    sha256,
    password_sealed,
    expires_at
FROM office_file WHERE id = %s
FOR UPDATE;

-- name: pieces
-- In order.
SELECT
    number,
    sealed
FROM office_file_piece WHERE file_id = %s
ORDER BY number;

-- name: file_is_made
-- It waits to be taken; its password is forgotten.
-- notes: office_file
UPDATE office_file AS t
SET
    state = 'ready',
    bytes = %(bytes)s,
    sha256 = %(sha256)s,
    password_sealed = NULL,
    expires_at = %(until)s
WHERE t.id = %(id)s;

-- name: end_file
-- It was taken, or used, or nobody came for it.
-- notes: office_file
UPDATE office_file AS t
SET
    state = 'gone',
    password_sealed = NULL
WHERE t.id = %s;

-- name: drop_pieces
-- What was in it.
-- notes: office_file_piece
DELETE FROM office_file_piece AS t WHERE t.file_id = %s;

-- name: files_over
-- Whose time is over: the oldest first.
SELECT id FROM office_file
WHERE state <> 'gone' AND expires_at <= %(now)s
ORDER BY expires_at
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED;
