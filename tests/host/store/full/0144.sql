-- A merchant had a slot for a day, which was charged; it ended the day after, and
-- was booked again.

INSERT INTO ad_slot (code, shown_at, name, price_minor, unit, state, set_by, set_at)
VALUES ('HOME-TOP', 'member_home', 'Top', 70, 'CNY', 'open', 'wu', '2026-09-20 08:00:00+00');

INSERT INTO ad_booking (
    slot_id, merchant_id, issuer_id, first_on, last_on, title, advert_text, price_minor, unit,
    made_by, agreed_by, made_at
)
SELECT
    s.id,
    1,
    1,
    told.first_on,
    told.last_on,
    told.title,
    'Every afternoon',
    70,
    'CNY',
    'owner',
    'wu',
    '2026-09-25 08:00:00+00'
FROM ad_slot AS s
CROSS JOIN (
    VALUES
    (date '2026-10-03', date '2026-10-04', 'Tea for two'),
    (date '2026-10-04', date '2026-10-04', 'Cake for one')
) AS told (first_on, last_on, title)
ORDER BY told.first_on;

INSERT INTO ad_end (booking_id, ended_on, ended_by, ended_at)
SELECT b.id, '2026-10-04', 'owner', '2026-09-26 08:00:00+00'
FROM ad_booking AS b
WHERE b.first_on = '2026-10-03';

INSERT INTO ad_day (slot_id, day, booking_id)
SELECT b.slot_id, b.first_on, b.id
FROM ad_booking AS b;

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), setting.value::bigint),
    asked.slot,
    2467000000002,
    32767,
    6,
    'advertising',
    '\xaa',
    'approved',
    false,
    '\x',
    0,
    '2026-10-03',
    '2026-10-03 16:00:00+00'
FROM (
    SELECT concat('night/adverts/20261003/', b.id, '/f') AS slot FROM ad_booking AS b
    WHERE b.first_on = '2026-10-03'
) AS asked
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
    70,
    'CNY',
    business_date
FROM exchange
WHERE kind = 'advertising';

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    journal.shard,
    journal.id,
    0,
    owed.id,
    house.id,
    70,
    'CNY',
    journal.business_date
FROM journal
INNER JOIN account AS owed
    ON
        owed.chart = 'merchant_payable'
        AND owed.merchant_id = 1
        AND owed.issuer_id = 1
        AND owed.unit = 'CNY'
INNER JOIN account AS house ON house.chart = 'house_fees' AND house.unit = 'CNY'
WHERE journal.kind = 'advertising';

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    32767,
    6,
    before.digest,
    sha256(
        before.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-03T16:00:00.000000+00:00',
                concat('x|', journal.slot, '|2467000000002|advertising|aa|approved||0'),
                'j|2467000000002|advertising|0|0|2026-10-03',
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
    '2026-10-03',
    '2026-10-03 16:00:00+00'
FROM entry
INNER JOIN journal ON entry.shard = journal.shard AND entry.journal_id = journal.id
INNER JOIN seal AS before ON before.shard = 32767 AND before.seq = 5
WHERE entry.journal_id = 2467000000002;

INSERT INTO ad_charge (booking_id, business_date, amount_minor, journal_id)
SELECT b.id, '2026-10-03', 70, 2467000000002
FROM ad_booking AS b
WHERE b.first_on = '2026-10-03';
