-- Products of vouchers, a batch of them for one merchant, and one for which tea was handed out.

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
INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, is_reloadable, pin, activation,
    made_by, made_at, kind
)
SELECT
    max(product_id),
    94,
    'paper',
    0,
    0,
    false,
    'never',
    '{office}',
    'ma',
    '2026-11-26 16:00:00+00',
    'goods_voucher'
FROM product_version;
UPDATE store SET region = 'SH' WHERE id = (SELECT min(id) FROM store);

INSERT INTO card_batch (
    id, code, issuer_id, product_id, product_version, name, responsible, face_minor, state, made_by,
    made_at, merchants, stores
)
SELECT
    63,
    'CB-2026-0063',
    1,
    product_id,
    version,
    'Tea',
    'li',
    0,
    'opened',
    'bai',
    '2026-09-30 13:00:00+00',
    '{1}',
    '{1}'
FROM product_version
WHERE version = 94;

INSERT INTO card_batch_part (
    id, batch_id, number, cards, made, state, added_by, added_at, opened_by, opened_at
) VALUES
(63, 63, 1, 1, 1, 'opened', 'bai', '2026-09-30 13:00:00+00', 'bo', '2026-09-30 15:00:00+00');

INSERT INTO card (
    shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed, part_id, sale,
    valid_from, valid_to
) VALUES
(
    0, '\x00000000000000000000000000000630', 270582939649, 1, 'redeemed', '2810',
    '991000******0630', '\x5ea1ed63', 63, 'sold', '2026-09-30', '2028-10-01'
);

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    0,
    'pos/80010001/000013/000963/f',
    2465000000963,
    0,
    max(seq) + 1,
    'voucher_redemption',
    '\xaa',
    'approved',
    false,
    '\x',
    270582939649,
    '80010001',
    '2026-10-01',
    '2026-10-01 03:40:00+00'
FROM seal
WHERE shard = 0;

INSERT INTO journal (
    shard, id, seal, home, slot, kind, original_id, card_id, issuer_id, merchant_id, terminal_id,
    amount_minor, unit, business_date, previous_id
)
SELECT
    shard,
    id,
    seal,
    home,
    slot,
    kind,
    NULL,
    card_id,
    1,
    1,
    terminal_id,
    1,
    'G:',
    business_date,
    0
FROM exchange
WHERE id = 2465000000963;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    0,
    2465000000963,
    0,
    promised.id,
    given.id,
    1,
    'G:',
    '2026-10-01'
FROM account AS promised
INNER JOIN account AS given ON promised.unit = given.unit AND promised.issuer_id = given.issuer_id
WHERE
    promised.chart = 'goods_promised'
    AND promised.unit = 'G:'
    AND promised.issuer_id = 1
    AND given.chart = 'merchant_goods'
    AND given.merchant_id = 1;

INSERT INTO voucher_use (shard, journal_id, voucher_shard, voucher_id, given, bought)
VALUES (0, 2465000000963, 0, 270582939649, 1, 0);

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    0,
    seal.seq + 1,
    seal.digest,
    sha256(
        seal.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T03:40:00.000000+00:00',
                'x|pos/80010001/000013/000963/f|2465000000963|voucher_redemption|aa|approved||'
                || '270582939649',
                'j|2465000000963|voucher_redemption|0|270582939649|2026-10-01',
                concat_ws(
                    '|', 'e', entry.journal_id, 0, entry.debit_account, entry.credit_account, '1|G:'
                ),
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 03:40:00+00'
FROM seal
INNER JOIN entry ON entry.journal_id = 2465000000963
WHERE seal.shard = 0
ORDER BY seal.seq DESC
LIMIT 1;
