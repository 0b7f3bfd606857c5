-- A card face in its first version.

INSERT INTO card_face (id, product_id, name, version)
SELECT
    1,
    min(p.id),
    'Autumn leaves',
    1
FROM product AS p;

INSERT INTO card_face_version (
    face_id, version, image, image_kind, width, height, title_zh, title_en, small_print,
    text_colour, qr_left, qr_top, qr_size, made_by, made_at
) VALUES
(
    1, 1, '\x89504e47', 'png', 1011, 638, '秋叶', 'Autumn leaves', 'Valid a year', '#102030', 10, 20,
    200, 'ma', '2026-11-26 09:00:00+00'
);
