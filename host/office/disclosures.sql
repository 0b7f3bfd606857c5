-- What was let out, by whom and for whom.

-- name: add_disclosure
-- A line of what somebody is shown, or asks to have in a file.
-- notes: disclosure
INSERT INTO disclosure AS t (
    at, kind, person_id, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id,
    alliance_id, enterprise_id, what, values_shown, has_secrets, recipient, purpose, released_by,
    file_id
)
VALUES (
    %(at)s, %(kind)s, %(person)s, %(subject_kind)s, %(subject_key)s, %(issuer_id)s,
    %(merchant_id)s, %(store_id)s, %(member_id)s, %(alliance_id)s, %(enterprise_id)s,
    %(what)s, %(values_shown)s, %(has_secrets)s, %(recipient)s, %(purpose)s, %(released_by)s,
    %(file)s
)
RETURNING t.id;

-- name: note_shown
-- How many cards are in the file that was made.
-- notes: disclosure
UPDATE disclosure AS t SET values_shown = %(values_shown)s
WHERE t.file_id = %(file)s;

-- name: note_taken
-- The file was handed out; twice it never is.
-- notes: disclosure
UPDATE disclosure AS t
SET
    downloads = t.downloads + 1,
    downloaded_at = %(now)s
WHERE t.file_id = %(file)s;

-- name: shown_since
-- How many of a kind somebody was shown; who asks again waits until the first is counted.
SELECT count(*)
FROM disclosure
WHERE person_id = %(person)s AND kind = %(kind)s AND at >= %(since)s;

-- name: hold_person
-- One at a time is shown something.
SELECT id FROM person WHERE id = %s
FOR UPDATE;

-- name: count_cards
-- How many are meant, up to a limit, and how many of them nobody has bought or opened, or had when
-- they came from another system.
SELECT
    count(*),
    count(*) FILTER (WHERE c.sale = 'unsold' AND c.status = 'inactive' AND c.is_secret)
FROM (
    SELECT
        c.sale,
        c.status,
        c.code_sealed IS NOT NULL AND NOT p.brings_value AS is_secret
    FROM card_batch_part AS p
    INNER JOIN card AS c
        ON
            c.id >= (p.id::bigint << 32) + coalesce(%(first)s::bigint, 1)
            AND c.id <= (p.id::bigint << 32) + coalesce(%(last)s::bigint, p.cards)
    WHERE
        p.batch_id = %(batch)s
        AND (%(part)s::smallint IS NULL OR p.number = %(part)s::smallint)
        AND (%(chosen)s::bigint [] IS NULL OR c.id = any(%(chosen)s::bigint []))
        AND (%(sale)s::text IS NULL OR c.sale = %(sale)s::text)
    ORDER BY c.id
    LIMIT %(limit)s
) AS c;

-- name: cards_let_out
-- What a file says of each card that is meant.
SELECT
    p.number,
    c.id,
    c.pan_masked,
    c.pan_sealed,
    c.code_sealed,
    c.sale,
    c.status,
    c.valid_from,
    c.valid_to
FROM card_batch_part AS p
INNER JOIN card AS c
    ON
        c.id >= (p.id::bigint << 32) + coalesce(%(first)s::bigint, 1)
        AND c.id <= (p.id::bigint << 32) + coalesce(%(last)s::bigint, p.cards)
WHERE
    p.batch_id = %(batch)s
    AND (%(part)s::smallint IS NULL OR p.number = %(part)s::smallint)
    AND (%(chosen)s::bigint [] IS NULL OR c.id = any(%(chosen)s::bigint []))
    AND (%(sale)s::text IS NULL OR c.sale = %(sale)s::text)
    AND (
        NOT %(with_secrets)s
        OR (
            c.sale = 'unsold'
            AND c.status = 'inactive'
            AND c.code_sealed IS NOT NULL
            AND NOT p.brings_value
        )
    )
ORDER BY c.id
LIMIT %(limit)s;

-- name: batch_let_out
-- What a file says of the batch: what each is worth, in money or in points, and in which stores.
SELECT
    b.code,
    b.name,
    b.face_minor,
    CASE
        WHEN v.kind = 'points_card'
            THEN 'P:' || coalesce((
                SELECT g.code FROM programme AS g WHERE g.issuer_id = b.issuer_id AND g.is_primary
            ), '')
        ELSE i.currency
    END AS unit,
    array_to_string(array(
        SELECT s.name FROM store AS s
        WHERE s.id = any(b.stores)
        ORDER BY s.id
    ), ' ') AS stores
FROM card_batch AS b
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
INNER JOIN issuer AS i ON b.issuer_id = i.id
WHERE b.id = %s;

-- name: secret_of_card
-- What a card is activated by, while nobody has, and where its batch stands.
SELECT
    c.code_sealed,
    c.status,
    b.state
FROM card AS c
LEFT JOIN card_batch_part AS p ON c.part_id = p.id
LEFT JOIN card_batch AS b ON p.batch_id = b.id
WHERE c.id = %s;

-- name: masked_of_member
-- What of a member is masked on every page.
SELECT
    phone_hash,
    phone_sealed,
    name
FROM member WHERE id = %s;

-- name: vouchers_let_out
-- What a sheet says of each voucher that is meant: of those that nobody has, or had.
SELECT
    p.number,
    c.id,
    c.pan_hash,
    c.pan_sealed,
    c.valid_from,
    c.valid_to
FROM card_batch_part AS p
INNER JOIN card AS c
    ON
        c.id >= (p.id::bigint << 32) + coalesce(%(first)s::bigint, 1)
        AND c.id <= (p.id::bigint << 32) + coalesce(%(last)s::bigint, p.cards)
WHERE
    p.batch_id = %(batch)s
    AND (%(part)s::smallint IS NULL OR p.number = %(part)s::smallint)
    AND c.status = %(status)s
    AND c.sale = 'unsold'
ORDER BY c.id
LIMIT %(limit)s;
