-- A member, cards sold together, one of them bound, and a wrong try at an activation password.

INSERT INTO member (
    phone_hash, phone_sealed, phone_masked, name, state, merchant_id, made_by, made_at
) VALUES
(
    '\x00000000000000000000000000000021', '\x5ea1ed21', '138****1234', 'Wang', 'active', 1, 'mo',
    '2026-10-01 12:00:00+00'
);

INSERT INTO card_sale (
    issuer_id, product_id, order_reference, channel, buyer, member_id, cards, price_minor, state,
    sold_by, sold_at, returned_by, returned_at
) VALUES
(
    1, 1, 'O-1', 'mall', 'Wang', 1, 1, 10000, 'returned', 'mo', '2026-10-01 12:00:00+00', 'fn',
    '2026-10-01 13:00:00+00'
);

INSERT INTO card (
    shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed, part_id, sale,
    valid_from, valid_to, code_hash, code_sealed, sale_id, member_id
) VALUES
(
    '0', '\x00000000000000000000000000000022', '4294967298', '1', 'inactive', '2810',
    '991000******0022', '\x5ea1ed22', 1, 'returned', NULL, NULL,
    '\x00000000000000000000000000000023', '\x5ea1ed23', 1, 1
);

INSERT INTO code_try (source, tries, began_at) VALUES ('10.0.0.1', 3, '2026-10-01 12:00:00+00');

UPDATE card_batch_part SET cards = 2, made = 2 WHERE id = 1;
