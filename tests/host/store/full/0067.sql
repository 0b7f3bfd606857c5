-- A pre-authorisation that stands, increased once; of a product that says how long one lasts.

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
WITH last AS (
    SELECT max(seq) AS seq FROM seal
    WHERE shard = 0
)

SELECT
    0,
    'pos/80010001/000013/' || asked.stan || '/f',
    asked.id,
    0,
    last.seq + 1,
    asked.kind,
    '\xaa',
    'approved',
    false,
    '\x',
    2,
    '80010001',
    '2026-10-01',
    '2026-10-01 03:40:00+00'
FROM (
    VALUES
    ('000920', 2465000000920, 'preauth'),
    ('000921', 2465000000921, 'preauth_increment')
) AS asked (stan, id, kind)
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
    1,
    terminal_id,
    5,
    'CNY',
    business_date,
    0
FROM exchange
WHERE id IN (2465000000920, 2465000000921);

INSERT INTO hold (
    shard, id, code, card_id, issuer_id, account_id, unit, owner, merchant_id, terminal_id,
    amount_minor, held_minor, opened_at, expires_at
)
VALUES (
    0, 2465000000920, 920, 2, 1, 21, 'CNY', 'preauth', 1, '80010001', 10, 10,
    '2026-10-01 03:40:00+00', '2026-10-31 03:40:00+00'
);

INSERT INTO hold_fact (shard, hold_id, turn, journal_id, fact, amount_minor)
VALUES
(0, 2465000000920, 0, 2465000000920, 'opened', 5),
(0, 2465000000920, 1, 2465000000921, 'increased', 5);

UPDATE purse SET held_minor = held_minor + 10
WHERE account_id = 21;

UPDATE product_version SET
    hold_days = 7,
    hold_over_percent = 15
WHERE version = 90;

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
                'x|pos/80010001/000013/000920/f|2465000000920|preauth|aa|approved||2',
                'j|2465000000920|preauth|0|2|2026-10-01',
                'x|pos/80010001/000013/000921/f|2465000000921|preauth_increment|aa|approved||2',
                'j|2465000000921|preauth_increment|0|2|2026-10-01',
                ''
            ),
            'UTF8'
        )
    ),
    2,
    2,
    '2026-10-01',
    '2026-10-01 03:40:00+00'
FROM seal
WHERE shard = 0
ORDER BY seq DESC
LIMIT 1;
