-- What the cards of a product look like, in versions.

-- name: next_face
-- Numbers without a gap.
SELECT coalesce(max(id), 0) + 1 FROM card_face;

-- name: add_face
-- Of a product, by its name there.
-- notes: card_face
INSERT INTO card_face AS t (id, product_id, name, version, state)
VALUES (%(id)s, %(product_id)s, %(name)s, 1, 'active');

-- name: next_version
-- The newest is what cards are made with; one that was taken out is back with it.
-- notes: card_face
UPDATE card_face AS t
SET
    name = %(name)s,
    version = t.version + 1,
    state = 'active'
WHERE t.id = %(id)s;

-- name: withdraw_face
-- No card is made with it any more.
-- notes: card_face
UPDATE card_face AS t SET state = 'withdrawn'
WHERE t.id = %(id)s;

-- name: newest_face
-- As it is, to be changed in part.
SELECT
    image,
    image_kind,
    width,
    height,
    title_zh,
    title_en,
    small_print,
    text_colour,
    qr_left,
    qr_top,
    qr_size
FROM card_face_version
WHERE face_id = %s
ORDER BY version DESC
LIMIT 1;

-- name: add_face_version
-- Those before stay: what was printed looks so.
-- notes: card_face_version
INSERT INTO card_face_version AS t (
    face_id, version, image, image_kind, width, height, title_zh, title_en, small_print,
    text_colour, qr_left, qr_top, qr_size, made_by, made_at
)
VALUES (
    %(id)s, (SELECT f.version FROM card_face AS f WHERE f.id = %(id)s), %(image)s, %(image_kind)s,
    %(width)s, %(height)s, %(title_zh)s, %(title_en)s, %(small_print)s, %(text_colour)s,
    %(qr_left)s, %(qr_top)s, %(qr_size)s, %(made_by)s, %(made_at)s
);
