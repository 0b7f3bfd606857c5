-- A sale that was for a part of an order.

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    0,
    'pos/80010001/000013/000904/f',
    2465000000904,
    0,
    max(seq) + 1,
    'purchase',
    '\xaa',
    'approved',
    false,
    '\x',
    2,
    '80010001',
    '2026-10-01',
    '2026-10-01 03:30:00+00'
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
    100,
    'CNY',
    business_date,
    (
        SELECT max(purse.last_journal) FROM purse
        WHERE purse.shard = 0 AND purse.card_id = 2
    )
FROM exchange
WHERE id = 2465000000904;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
VALUES (0, 2465000000904, 0, 21, 4, 100, 'CNY', '2026-10-01');

UPDATE purse SET
    posted_minor = posted_minor - 100,
    last_journal = 2465000000904
WHERE account_id = 21;

INSERT INTO order_reference (shard, journal_id, order_number, sub_order, decided_at)
VALUES (0, 2465000000904, 'ORDER-20261001-7', '2', '2026-10-01 03:30:00+00');

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    0,
    seq + 1,
    digest,
    sha256(
        digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T03:30:00.000000+00:00',
                'x|pos/80010001/000013/000904/f|2465000000904|purchase|aa|approved||2',
                'j|2465000000904|purchase|0|2|2026-10-01',
                'e|2465000000904|0|21|4|100|CNY',
                'o|2465000000904|ORDER-20261001-7 2',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 03:30:00+00'
FROM seal
WHERE shard = 0
ORDER BY seq DESC
LIMIT 1;
