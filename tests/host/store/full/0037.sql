-- Points that have left a card and are not on the other yet; a move that is open, and a done one.

INSERT INTO account (id, chart, unit, issuer_id, merchant_id) VALUES
(90, 'in_transit', 'P:RED', NULL, NULL);

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
    2465000000903,
    1,
    last.seq + 1,
    'move_out',
    '\xaa',
    'approved',
    false,
    '\x',
    1,
    NULL,
    '2026-10-01',
    '2026-10-01 03:00:00+00'
FROM (VALUES ('office/li/move.1/replacement-1/f')) AS asked (slot)
CROSS JOIN last;

INSERT INTO journal (
    shard, id, seal, home, slot, kind, original_id, card_id, issuer_id, merchant_id, terminal_id,
    amount_minor, unit, business_date, previous_id
)
SELECT
    exchange.shard,
    exchange.id,
    exchange.seal,
    exchange.home,
    exchange.slot,
    exchange.kind,
    NULL,
    exchange.card_id,
    1,
    NULL,
    NULL,
    10,
    'P:RED',
    exchange.business_date,
    (
        SELECT max(purse.last_journal) FROM purse
        WHERE purse.shard = 1 AND purse.card_id = 1
    )
FROM exchange
WHERE exchange.id = 2465000000903;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
VALUES (1, 2465000000903, 0, 20, 90, 10, 'P:RED', '2026-10-01');

INSERT INTO lot_use (shard, journal_id, account_id, lot_id, points)
SELECT
    lot.shard,
    2465000000903,
    lot.account_id,
    lot.id,
    10
FROM lot
WHERE lot.account_id = 20 AND lot.remaining >= 10;

UPDATE lot SET remaining = remaining - 10
WHERE account_id = 20 AND remaining >= 10;

UPDATE purse SET
    posted_minor = posted_minor - 10,
    last_journal = 2465000000903
WHERE account_id = 20;

INSERT INTO transit (shard, journal_id, to_shard, to_card, expires_on)
SELECT
    lot.shard,
    2465000000903,
    0,
    2,
    lot.expires_on
FROM lot
WHERE lot.account_id = 20;

INSERT INTO move (
    shard, card_id, name, to_shard, to_card, origin, made_by, asked_at, wanted, step, state,
    refused, ended_at
) VALUES
(
    1, 1, 'replacement', 0, 2, 'office', 'li', '2026-10-01 03:00:00+00', 1, 1, 'open', '', NULL
),
(
    1, 4294967297, 'void', NULL, NULL, 'clock', 'moves', '2026-10-01 03:00:00+00', 2, 3, 'done', '',
    '2026-10-01 03:00:01+00'
);

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    1,
    seq + 1,
    digest,
    sha256(
        digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T03:00:00.000000+00:00',
                'x|office/li/move.1/replacement-1/f|2465000000903|move_out|aa|approved||1',
                'j|2465000000903|move_out|0|1|2026-10-01',
                'e|2465000000903|0|20|90|10|P:RED',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 03:00:00+00'
FROM seal
WHERE shard = 1
ORDER BY seq DESC
LIMIT 1;
