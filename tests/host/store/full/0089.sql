-- A fee of all merchants in two tiers, one that a merchant pays, one that an issuer pays; and what
-- a sale was charged by the first, posted by the night.

INSERT INTO fee (
    id, payer, merchant_id, issuer_id, trade, channel, kinds, since, until, from_minor, flat_minor,
    millionths, fee_min_minor, fee_max_minor, is_returned, made_by
) VALUES
(
    1, 'merchant', NULL, NULL, '', '', '{purchase,completion}', '2026-10-01', NULL, '{0,100000}',
    '{0,20}', '{6000,3800}', 1, 5000, true, 'finance'
),
(
    2, 'merchant', 1, NULL, '', 'mis', '{purchase}', '2026-10-01', NULL, '{0}', '{0}', '{5000}', 0,
    NULL, true, 'finance'
),
(
    3, 'issuer', NULL, 1, 'grocery', '', '{purchase}', '2026-10-01', '2027-12-31', '{0}', '{5}',
    '{0}', 0, NULL, false, 'finance'
);

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), setting.value::bigint),
    asked.slot,
    2465000000990,
    32767,
    1,
    'transaction_fees',
    '\xaa',
    'approved',
    false,
    '\x',
    0,
    '2026-10-01',
    '2026-10-01 16:00:00+00'
FROM (VALUES ('night/fees/20261001/1-1/f')) AS asked (slot)
INNER JOIN setting ON setting.name = 'shard_count';

INSERT INTO journal (
    shard, id, seal, home, slot, kind, card_id, issuer_id, merchant_id, amount_minor, unit,
    business_date
)
SELECT
    shard,
    id,
    seal,
    home,
    slot,
    kind,
    card_id,
    1,
    1,
    7,
    'CNY',
    business_date
FROM exchange
WHERE id = 2465000000990;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    32767,
    2465000000990,
    0,
    owed.id,
    earned.id,
    7,
    'CNY',
    '2026-10-01'
FROM account AS owed
INNER JOIN account AS earned ON earned.chart = 'house_fees' AND earned.unit = 'CNY'
WHERE owed.chart = 'merchant_fees' AND owed.merchant_id = 1 AND owed.issuer_id = 1;

INSERT INTO fee_charge (
    business_date, merchant_id, issuer_id, fee_id, kind, items, base_minor, fee_minor, unit,
    journal_id, leg
)
VALUES ('2026-10-01', 1, 1, 1, 'purchase', 1, 1200, 7, 'CNY', 2465000000990, 0);

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    32767,
    1,
    decode(repeat('00', 32), 'hex'),
    sha256(
        decode(repeat('00', 32), 'hex') || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T16:00:00.000000+00:00',
                'x|night/fees/20261001/1-1/f|2465000000990|transaction_fees|aa|approved||0',
                'j|2465000000990|transaction_fees|0|0|2026-10-01',
                concat_ws(
                    '|', 'e', entry.journal_id, entry.leg, entry.debit_account,
                    entry.credit_account, entry.amount_minor, entry.unit
                ),
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 16:00:00+00'
FROM entry
WHERE entry.journal_id = 2465000000990;
