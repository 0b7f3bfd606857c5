-- Cash that somebody took for a card, and has handed in.

INSERT INTO cash_hand_in (taken_by, amount_minor, slip, counted_by, handed_on, handed_at)
VALUES ('ma', 300, 'B-17', 'fang', '2026-10-01', '2026-10-01 04:30:00+00');

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
WITH last AS (
    SELECT max(seq) AS seq FROM seal
    WHERE shard = 0
)

SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), 2),
    asked.slot,
    asked.number,
    0,
    last.seq + 1,
    asked.kind,
    '\xaa',
    'approved',
    false,
    '\x',
    4,
    NULL,
    '2026-10-01',
    '2026-10-01 04:25:00+00'
FROM (
    VALUES
    ('office/ma/load.cash/load-1/f', 2465000000993, 'cash_taken'),
    ('office/ma/cash.hand_in/load-1/f', 2465000000994, 'cash_handed_in')
) AS asked (slot, number, kind)
CROSS JOIN last;

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
    CASE WHEN id = 2465000000993 THEN 1 END,
    NULL,
    300,
    'CNY',
    business_date,
    CASE WHEN id = 2465000000993 THEN 2464000000012 ELSE 0 END
FROM exchange
WHERE id IN (2465000000993, 2465000000994);

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    0,
    2465000000993,
    0,
    id,
    25,
    300,
    'CNY',
    '2026-10-01'::date
FROM account
WHERE chart = 'cash_in_hand' AND unit = 'CNY' AND issuer_id = 1
UNION ALL
SELECT
    0,
    2465000000994,
    0,
    funds.id,
    cash.id,
    300,
    'CNY',
    '2026-10-01'
FROM account AS cash
INNER JOIN account AS funds
    ON funds.chart = 'issuer_funds' AND funds.unit = cash.unit AND funds.issuer_id = cash.issuer_id
WHERE cash.chart = 'cash_in_hand' AND cash.unit = 'CNY' AND cash.issuer_id = 1;

UPDATE purse SET
    posted_minor = posted_minor + 300,
    last_journal = 2465000000993
WHERE account_id = 25;

INSERT INTO cash_load (
    receipt, taken_by, merchant_id, store_id, issuer_id, shard, card_id, amount_minor, asked_at,
    taken_on, state, journal_id, hand_in_id, handed_id
)
SELECT
    'R-1',
    'ma',
    store.merchant_id,
    store.id,
    1,
    0,
    4,
    300,
    '2026-10-01 04:20:00+00',
    '2026-10-01',
    'handed_in',
    2465000000993,
    (SELECT max(id) FROM cash_hand_in),
    2465000000994
FROM store
WHERE store.merchant_id = 1
ORDER BY store.id
LIMIT 1;

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    0,
    s.seq + 1,
    s.digest,
    sha256(
        s.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T04:25:00.000000+00:00',
                'x|office/ma/load.cash/load-1/f|2465000000993|cash_taken|aa|approved||4',
                'j|2465000000993|cash_taken|0|4|2026-10-01',
                'e|2465000000993|0|' || c.id || '|25|300|CNY',
                'x|office/ma/cash.hand_in/load-1/f|2465000000994|cash_handed_in|aa|approved||4',
                'j|2465000000994|cash_handed_in|0|4|2026-10-01',
                'e|2465000000994|0|' || f.id || '|' || c.id || '|300|CNY',
                ''
            ),
            'UTF8'
        )
    ),
    2,
    2,
    '2026-10-01',
    '2026-10-01 04:25:00+00'
FROM seal AS s
INNER JOIN account AS f ON f.chart = 'issuer_funds' AND f.unit = 'CNY' AND f.issuer_id = 1
INNER JOIN account AS c ON c.chart = 'cash_in_hand' AND c.unit = 'CNY' AND c.issuer_id = 1
WHERE s.shard = 0
ORDER BY s.seq DESC
LIMIT 1;
