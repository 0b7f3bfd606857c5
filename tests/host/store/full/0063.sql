-- A product of vouchers, a batch of them for one merchant, and one that was put onto a card.

INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, is_reloadable, pin, activation,
    made_by, made_at, kind, may_load, sale_minor_min, grace_days, goods, regions
)
SELECT
    max(product_id),
    92,
    'paper',
    100,
    100,
    false,
    'never',
    '{office}',
    'ma',
    '2026-11-26 16:00:00+00',
    'amount_voucher',
    true,
    200,
    7,
    '{TEA}',
    '{SH}'
FROM product_version;
INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, is_reloadable, pin, activation,
    made_by, made_at, kind, entries, buys
)
SELECT
    max(product_id),
    93,
    'paper',
    0,
    0,
    false,
    'never',
    '{office}',
    'ma',
    '2026-11-26 16:00:00+00',
    'buy_and_get',
    2,
    3
FROM product_version;
UPDATE card_batch SET merchants = '{1}', stores = '{1}' WHERE id = (SELECT max(id) FROM card_batch);
UPDATE store SET region = 'SH' WHERE id = (SELECT min(id) FROM store);
INSERT INTO voucher_use (shard, journal_id, voucher_shard, voucher_id, given, bought)
VALUES (0, 2465000000904, 0, 2, 1, 0);
