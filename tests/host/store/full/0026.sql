-- What a person put on a card by hand, under a seal of its own: 500 of the issuer's funds.

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
WITH last AS (
    SELECT max(seq) AS seq FROM seal
    WHERE shard = 1
)

SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), 2),
    asked.slot,
    2465000000902,
    1,
    last.seq + 1,
    'adjustment',
    '\xaa',
    'approved',
    false,
    '\x',
    1,
    NULL,
    '2026-10-01',
    '2026-10-01 02:00:00+00'
FROM (VALUES ('office/li/card.adjust/1/f')) AS asked (slot)
CROSS JOIN last;

INSERT INTO journal (
    shard, id, seal, home, slot, kind, original_id, card_id, issuer_id, merchant_id, terminal_id,
    amount_minor, unit, business_date
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
    500,
    'CNY',
    business_date
FROM exchange
WHERE id = 2465000000902;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
VALUES (1, 2465000000902, 0, 1, 19, 500, 'CNY', '2026-10-01');

UPDATE purse SET posted_minor = posted_minor + 500
WHERE account_id = 19;

INSERT INTO adjustment (shard, journal_id, why, about_rrn)
VALUES (1, 2465000000902, 'error', '093000000007');

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    1,
    seq + 1,
    digest,
    sha256(
        digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T02:00:00.000000+00:00',
                'x|office/li/card.adjust/1/f|2465000000902|adjustment|aa|approved||1',
                'j|2465000000902|adjustment|0|1|2026-10-01',
                'e|2465000000902|0|1|19|500|CNY',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 02:00:00+00'
FROM seal
WHERE shard = 1
ORDER BY seq DESC
LIMIT 1;
