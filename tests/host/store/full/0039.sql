-- A source whose try was given back, and a product whose cards are registered to nobody.

INSERT INTO code_try (source, tries, began_at) VALUES ('10.0.0.2', 0, '2026-10-01 12:00:00+00');

INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, valid_days, is_reloadable, pin,
    activation, made_by, made_at, is_registered
) VALUES
(1, 9, 'virtual', 100, 100, 365, false, 'never', '{till}', 'ma', '2026-10-01 12:00:00+00', false);
