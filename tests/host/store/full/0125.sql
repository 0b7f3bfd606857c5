-- A tenth of a date is held back of a merchant for a day, and let go on the next.

INSERT INTO business_day (business_date, state, opened_at, closed_at) VALUES
('2026-10-03', 'closed', '2026-10-03 00:00:00+00', '2026-10-04 00:00:00+00');

INSERT INTO reserve_terms (merchant_id, since, millionths, held_days, said_by, agreed_by)
VALUES (1, '2026-10-02', 100000, 1, 'wu', 'li');

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), setting.value::bigint),
    asked.slot,
    asked.id,
    32767,
    asked.seal,
    asked.kind,
    '\xaa',
    'approved',
    false,
    '\x',
    0,
    asked.business_date,
    (asked.business_date + time '16:00') AT TIME ZONE 'UTC'
FROM (
    VALUES
    (
        'night/reserves/20261002/1-1/f', 2466000000001, 4, 'reserve_held', date '2026-10-02'
    ),
    (
        'night/reserves/20261003/1-1-released/f', 2467000000001, 5, 'reserve_released',
        date '2026-10-03'
    )
) AS asked (slot, id, seal, kind, business_date)
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
    100,
    'CNY',
    business_date
FROM exchange
WHERE kind IN ('reserve_held', 'reserve_released');

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    journal.shard,
    journal.id,
    0,
    CASE journal.kind WHEN 'reserve_held' THEN owed.id ELSE kept.id END,
    CASE journal.kind WHEN 'reserve_held' THEN kept.id ELSE owed.id END,
    100,
    'CNY',
    journal.business_date
FROM journal
INNER JOIN account AS owed
    ON
        owed.chart = 'merchant_payable'
        AND owed.merchant_id = 1
        AND owed.issuer_id = 1
        AND owed.unit = 'CNY'
INNER JOIN account AS kept
    ON
        kept.chart = 'merchant_reserve'
        AND kept.merchant_id = 1
        AND kept.issuer_id = 1
        AND kept.unit = 'CNY'
WHERE journal.kind IN ('reserve_held', 'reserve_released');

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    32767,
    4,
    before.digest,
    sha256(
        before.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-02T16:00:00.000000+00:00',
                concat(
                    'x|night/reserves/20261002/1-1/f|2466000000001|',
                    'reserve_held|aa|approved||0'
                ),
                'j|2466000000001|reserve_held|0|0|2026-10-02',
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
    '2026-10-02',
    '2026-10-02 16:00:00+00'
FROM entry
INNER JOIN seal AS before ON before.shard = 32767 AND before.seq = 3
WHERE entry.journal_id = 2466000000001;

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    32767,
    5,
    before.digest,
    sha256(
        before.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-03T16:00:00.000000+00:00',
                concat(
                    'x|night/reserves/20261003/1-1-released/f|2467000000001|',
                    'reserve_released|aa|approved||0'
                ),
                'j|2467000000001|reserve_released|0|0|2026-10-03',
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
INNER JOIN seal AS before ON before.shard = 32767 AND before.seq = 4
WHERE entry.journal_id = 2467000000001;

INSERT INTO reserve_held (
    business_date, merchant_id, issuer_id, unit, terms_id, base_minor, amount_minor, due_on,
    journal_id
)
SELECT '2026-10-02', 1, 1, 'CNY', t.id, 1000, 100, '2026-10-03', 2466000000001
FROM reserve_terms AS t;

INSERT INTO reserve_released (business_date, merchant_id, issuer_id, released_on, journal_id)
VALUES ('2026-10-02', 1, 1, '2026-10-03', 2467000000001);
