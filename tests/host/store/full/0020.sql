-- Products in two versions, a batch with an opened part and one that waits, and cards of it.

INSERT INTO vendor (id, issuer_id, name, contact, note) VALUES
(1, 1, 'Card Works', 'orders@cardworks.example', 'boxes of 500');

INSERT INTO product (id, issuer_id, code, name) VALUES (1, 1, 'GIFT100', 'Gift card of 100');

INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, valid_from, valid_to, valid_days,
    is_reloadable, pin, activation, amount_minor_max, balance_minor_max, made_by, made_at
) VALUES
(
    1, 1, 'physical', 10000, 10000, '2026-10-01', '2029-10-01', NULL,
    false, 'never', '{till,office}', 5000, 10000, 'ma', '2026-09-30 12:00:00+00'
),
(
    1, 2, 'virtual', 10000, 50000, NULL, NULL, 365,
    true, 'if_sent', '{holder}', NULL, NULL, 'ma', '2026-10-01 12:00:00+00'
);

INSERT INTO card_batch (
    id, code, issuer_id, product_id, product_version, name, responsible, vendor_id, face_minor,
    valid_from, valid_to, note, state, made_by, made_at, suspended_by
) VALUES
(
    1, 'CB-2026-0001', 1, 1, 1, 'Autumn', 'li', 1, 10000, '2026-10-02', '2028-10-01', 'for shops',
    'suspended', 'bai', '2026-09-30 13:00:00+00', 'rong'
);

INSERT INTO card_batch_part (
    id, batch_id, number, cards, state, added_by, added_at, opened_by, opened_at
) VALUES
(1, 1, 1, 1, 'opened', 'bai', '2026-09-30 13:00:00+00', 'bo', '2026-09-30 15:00:00+00'),
(2, 1, 2, 5, 'draft', 'bai', '2026-10-01 13:00:00+00', NULL, NULL);

INSERT INTO account (id, shard, chart, unit, issuer_id, merchant_id, card_id) VALUES
('31', '1', 'card_value', 'CNY', '1', NULL, '4294967297'),
('32', '1', 'card_points', 'P:RED', '1', NULL, '4294967297');

INSERT INTO card (
    shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed, value_account,
    points_account, part_id, sale, valid_from, valid_to
) VALUES
(
    '1', '\x00000000000000000000000000000011', '4294967297', '1', 'inactive', '2810',
    '991000******0011', '\x5ea1ed11', '31', '32', 1, 'unsold', '2026-10-02', '2028-10-01'
);

INSERT INTO balance (shard, account_id, posted_minor, held_minor, floor_minor) VALUES
('1', '31', '0', '0', '0'),
('1', '32', '0', '0', '0');

UPDATE estate_version SET version = 1;
INSERT INTO estate_change (version, relation, key) VALUES (1, 'card_batch', '1');
