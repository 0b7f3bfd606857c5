-- A product that lets what is left on expired cards go, a card of which that was said, its move,
-- and what was taken.

INSERT INTO product_version (
    product_id, version, form, face_minor_min, face_minor_max, valid_days, is_reloadable, pin,
    activation, made_by, made_at, breakage_days
)
SELECT
    max(product_id),
    97,
    'virtual',
    1,
    1,
    30,
    false,
    'never',
    '{till}',
    'ma',
    '2026-11-26 09:00:00+00',
    90
FROM product_version;

UPDATE card SET
    valid_to = '2026-05-31',
    breakage_on = '2026-10-01'
WHERE id = 4294967299;

INSERT INTO expiry_month (product_id, month, issuer_id) VALUES (1, '2026-05-01', 1);

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
    4294967299,
    NULL,
    '2026-10-01',
    '2026-10-01 04:20:00+00'
FROM (
    VALUES
    ('office/li/card.import/job-991/f', 2465000000991, 'card_opening'),
    ('clock/breakage/move.4294967299/breakage-1/f', 2465000000992, 'breakage')
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
    NULL,
    NULL,
    700,
    'CNY',
    business_date,
    CASE WHEN id = 2465000000991 THEN 0 ELSE 2465000000991 END
FROM exchange
WHERE id IN (2465000000991, 2465000000992);

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    0,
    2465000000991,
    0,
    id,
    9703,
    700,
    'CNY',
    '2026-10-01'::date
FROM account
WHERE chart = 'issuer_funds' AND unit = 'CNY' AND issuer_id = 1
UNION ALL
SELECT
    0,
    2465000000992,
    0,
    9703,
    id,
    700,
    'CNY',
    '2026-10-01'
FROM account
WHERE chart = 'breakage' AND unit = 'CNY' AND issuer_id = 1;

INSERT INTO purse (shard, card_id, account_id, unit, posted_minor, last_journal)
VALUES (0, 4294967299, 9703, 'CNY', 0, 2465000000992);

INSERT INTO move (
    shard, card_id, name, origin, made_by, asked_at, wanted, step, state, ended_at, issuer_id
)
VALUES (
    0, 4294967299, 'breakage', 'clock', 'breakage', '2026-10-01 04:10:00+00', 1, 2, 'done',
    '2026-10-01 04:20:00+00', 1
);

INSERT INTO breakage (shard, journal_id, product_id, month, amount_minor)
VALUES (0, 2465000000992, 1, '2026-05-01', 700);

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    0,
    s.seq + 1,
    s.digest,
    sha256(
        s.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T04:20:00.000000+00:00',
                'x|office/li/card.import/job-991/f|2465000000991|card_opening|aa|approved|'
                || '|4294967299',
                'j|2465000000991|card_opening|0|4294967299|2026-10-01',
                'e|2465000000991|0|' || f.id || '|9703|700|CNY',
                'x|clock/breakage/move.4294967299/breakage-1/f|2465000000992|breakage|aa'
                || '|approved||4294967299',
                'j|2465000000992|breakage|0|4294967299|2026-10-01',
                'e|2465000000992|0|9703|' || b.id || '|700|CNY',
                ''
            ),
            'UTF8'
        )
    ),
    2,
    2,
    '2026-10-01',
    '2026-10-01 04:20:00+00'
FROM seal AS s
INNER JOIN account AS f ON f.chart = 'issuer_funds' AND f.unit = 'CNY' AND f.issuer_id = 1
INNER JOIN account AS b ON b.chart = 'breakage' AND b.unit = 'CNY' AND b.issuer_id = 1
WHERE s.shard = 0
ORDER BY s.seq DESC
LIMIT 1;
