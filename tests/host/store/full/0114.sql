-- Both sides take a statement but for a row of each: one was rejected and is paid, the other was
-- upheld and given back on the next date.

INSERT INTO position_part (
    business_date, place, merchant_id, store_id, issuer_id, product_id, kind, channel, unit, items,
    amount_minor, points_earned, merchant_fee_minor, issuer_fee_minor
) VALUES
('2026-09-30', 1, 1, 1, 1, 1, 'purchase', 'pos', 'CNY', 2, 13245, 123, 0, 0),
('2026-09-30', 2, 1, 1, 1, 1, 'void', 'pos', 'CNY', 1, -300, 0, 0, 0);

INSERT INTO settlement_statement (
    business_date, place, merchant_id, issuer_id, unit, items, turnover_minor, returned_minor,
    alliance_minor, points_taken, points_earned, merchant_fee_minor, issuer_fee_minor,
    payable_minor, corrected_minor
)
SELECT
    business_date,
    place,
    merchant_id,
    issuer_id,
    unit,
    items,
    turnover_minor,
    returned_minor,
    alliance_minor,
    points_taken,
    points_earned,
    merchant_fee_minor,
    issuer_fee_minor,
    payable_minor,
    corrected_minor
FROM statement_of_parts
WHERE business_date = '2026-09-30';

INSERT INTO statement_confirmed (business_date, place, side, confirmed_by, confirmed_at) VALUES
('2026-09-30', 1, 'merchant', 'owner', '2026-10-01 08:00:00+00'),
('2026-09-30', 1, 'issuer', 'keeper', '2026-10-01 09:00:00+00');

INSERT INTO statement_dispute (business_date, place, side, merchant_id, issuer_id, why) VALUES
('2026-09-30', 1, 'merchant', 1, 1, 'it was never voided'),
('2026-09-30', 1, 'issuer', 1, 1, 'it was charged twice');

INSERT INTO statement_held (
    business_date, place, side, shard, journal_id, amount_minor, held_minor
) VALUES
('2026-09-30', 1, 'merchant', 0, 2464000000016, -300, 0),
('2026-09-30', 1, 'issuer', 0, 2464000000015, 900, 900);

INSERT INTO statement_answer (
    business_date, place, side, is_upheld, note, answered_by, agreed_by, answered_at, answered_on
) VALUES
(
    '2026-09-30', 1, 'merchant', true, 'the slip says so', 'wu', 'li', '2026-10-01 10:00:00+00',
    '2026-10-01'
),
(
    '2026-09-30', 1, 'issuer', false, 'two slips are there', 'wu', NULL,
    '2026-10-01 10:30:00+00', '2026-10-01'
);

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), setting.value::bigint),
    asked.slot,
    2465000000970,
    32767,
    3,
    'settlement_correction',
    '\xaa',
    'approved',
    false,
    '\x',
    0,
    '2026-10-01',
    '2026-10-01 16:00:00+00'
FROM (VALUES ('night/corrections/20261001/20260930-1-merchant/f')) AS asked (slot)
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
    300,
    'CNY',
    business_date
FROM exchange
WHERE id = 2465000000970;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    32767,
    2465000000970,
    0,
    suspense.id,
    owed.id,
    300,
    'CNY',
    '2026-10-01'
FROM account AS owed
INNER JOIN account AS suspense
    ON
        suspense.chart = 'suspense'
        AND suspense.issuer_id = 1
        AND suspense.unit = 'CNY'
        AND suspense.merchant_id IS NULL
WHERE
    owed.chart = 'merchant_payable'
    AND owed.merchant_id = 1
    AND owed.issuer_id = 1
    AND owed.unit = 'CNY';

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    32767,
    3,
    before.digest,
    sha256(
        before.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T16:00:00.000000+00:00',
                concat(
                    'x|night/corrections/20261001/20260930-1-merchant/f|2465000000970|',
                    'settlement_correction|aa|approved||0'
                ),
                'j|2465000000970|settlement_correction|0|0|2026-10-01',
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
INNER JOIN seal AS before ON before.shard = 32767 AND before.seq = 2
WHERE entry.journal_id = 2465000000970;

INSERT INTO statement_correction (business_date, place, side, corrected_on, journal_id)
VALUES ('2026-09-30', 1, 'merchant', '2026-10-01', 2465000000970);

INSERT INTO clearing_run (business_date, started_at)
SELECT
    '2026-09-30',
    '2026-10-01 00:00:00+00'
WHERE NOT EXISTS (SELECT FROM clearing_run WHERE clearing_run.business_date = '2026-09-30');

INSERT INTO clearing_release (
    business_date, released_by, released_at, payable_minor, unit, files_digest, taken_by
)
SELECT
    '2026-09-30',
    'li',
    '2026-10-01 01:00:00+00',
    12945,
    'CNY',
    sha256('files'),
    '{zhang}'
WHERE
    NOT EXISTS (
        SELECT FROM clearing_release WHERE clearing_release.business_date = '2026-09-30'
    );

INSERT INTO payout_file (
    id, pay_on, account_id, payouts, total_minor, sha256, asked_by, agreed_by, made_at
) SELECT
    2, '2026-10-04', a.id, 1, 12945, sha256('second'), 'wu', 'li', '2026-10-04 08:00:00+00'
FROM payout_account AS a
WHERE a.merchant_id IS NULL;

INSERT INTO payout (
    business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id, file_id
) SELECT '2026-09-30', 1, 'CNY', 12945, '20260930-' || m.merchant_id, a.id, 2
FROM payout_account AS a
INNER JOIN merchant AS m ON a.merchant_id = m.id;

INSERT INTO payout_statement (business_date, place, payout_id)
SELECT '2026-09-30', 1, p.id
FROM payout AS p
WHERE p.business_date = '2026-09-30';

INSERT INTO payout_held (business_date, place, side, payout_id)
SELECT '2026-09-30', 1, 'issuer', p.id
FROM payout AS p
WHERE p.business_date = '2026-09-30';
