-- A product whose cards are replaced for a fee.

INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, valid_days, is_reloadable, pin,
    activation, made_by, made_at, replacement_fee_minor_max
)
SELECT
    max(product_id),
    90,
    'virtual',
    1,
    1,
    30,
    false,
    'never',
    '{till}',
    'ma',
    '2026-11-26 09:00:00+00',
    500
FROM product_version;
