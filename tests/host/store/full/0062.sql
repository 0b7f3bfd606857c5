-- A programme whose points are pending first, such points of a card, and some on their way.

INSERT INTO points_life (programme, since, life, life_count, pending_days)
VALUES ('RED', '2026-10-01', 'days', 30, 7);

UPDATE transit SET available_from = '2026-10-03'
WHERE journal_id = 2465000000903;

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    0,
    'pos/80010001/000013/000960/f',
    2465000000960,
    0,
    max(seq) + 1,
    'points_earn',
    '\xaa',
    'approved',
    false,
    '\x',
    6,
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
    50,
    'P:RED',
    business_date,
    (
        SELECT max(purse.last_journal) FROM purse
        WHERE purse.shard = 0 AND purse.card_id = 6
    )
FROM exchange
WHERE id = 2465000000960;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
VALUES (0, 2465000000960, 0, 2, 30, 50, 'P:RED', '2026-10-01');

INSERT INTO lot (shard, account_id, id, earned_on, expires_on, points, remaining, available_from)
VALUES (0, 30, 2465000000960, '2026-10-01', '2026-11-07', 50, 50, '2026-10-08');

UPDATE purse SET
    posted_minor = posted_minor + 50,
    pending_minor = 50,
    pending_from = '2026-10-08',
    expires_from = least(expires_from, '2026-11-07'),
    last_journal = 2465000000960
WHERE account_id = 30;

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    0,
    seq + 1,
    digest,
    sha256(
        digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T03:40:00.000000+00:00',
                'x|pos/80010001/000013/000960/f|2465000000960|points_earn|aa|approved||6',
                'j|2465000000960|points_earn|0|6|2026-10-01',
                'e|2465000000960|0|2|30|50|P:RED',
                'l|2465000000960|30|50|2026-11-07|2026-10-08',
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
WHERE shard = 0
ORDER BY seq DESC
LIMIT 1;
