-- The pictures of card faces, apart from their lists: each is half a megabyte.

-- name: card_face_pictures
-- The newest of one, in base64.
SELECT
    f.id AS face,
    f.version,
    v.image_kind,
    translate(encode(v.image, 'base64'), chr(10), '') AS picture,
    p.issuer_id AS of_issuer
FROM card_face AS f
INNER JOIN product AS p ON f.product_id = p.id
INNER JOIN card_face_version AS v ON f.id = v.face_id AND f.version = v.version;
