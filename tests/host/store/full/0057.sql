-- Adds no table and no column.
-- A product whose cards never end.

INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, is_reloadable, pin, activation,
    made_by, made_at
)
SELECT
    max(product_id),
    91,
    'virtual',
    1,
    1,
    false,
    'never',
    '{till}',
    'ma',
    '2026-11-26 12:00:00+00'
FROM product_version;
