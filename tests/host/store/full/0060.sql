-- A gift that was claimed, one that waits, and what a product says of giving on.

UPDATE product_version SET regifts_max = 1;

INSERT INTO account (id, chart, unit, issuer_id, merchant_id) VALUES
(91, 'in_transit', 'CNY', NULL, NULL);

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), 2),
    asked.slot,
    2465000000911,
    1,
    (
        SELECT max(seq) + 1 FROM seal
        WHERE shard = 1
    ),
    'gift_send',
    '\xaa',
    'approved',
    false,
    '\x',
    1,
    NULL,
    '2026-10-01',
    '2026-10-01 04:00:00+00'
FROM (VALUES ('member/1/gift.send/job-1/f')) AS asked (slot);

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), 2),
    asked.slot,
    2465000000912,
    1,
    (
        SELECT max(seq) + 1 FROM seal
        WHERE shard = 1
    ),
    'gift_send',
    '\xaa',
    'approved',
    false,
    '\x',
    1,
    NULL,
    '2026-10-01',
    '2026-10-01 04:00:00+00'
FROM (VALUES ('member/1/gift.send/job-2/f')) AS asked (slot);

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), 2),
    asked.slot,
    2465000000913,
    0,
    (
        SELECT max(seq) + 1 FROM seal
        WHERE shard = 0
    ),
    'gift_claim',
    '\xaa',
    'approved',
    false,
    '\x',
    2,
    NULL,
    '2026-10-01',
    '2026-10-01 04:00:00+00'
FROM (VALUES ('member/2/gift.claim/job-3/f')) AS asked (slot);

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
    CASE exchange.id WHEN 2465000000912 THEN 200 ELSE 300 END,
    'CNY',
    exchange.business_date,
    CASE exchange.id
        WHEN 2465000000912 THEN 2465000000911
        ELSE (
            SELECT max(purse.last_journal) FROM purse
            WHERE purse.shard = exchange.shard AND purse.card_id = exchange.card_id
        )
    END
FROM exchange
WHERE exchange.id BETWEEN 2465000000911 AND 2465000000913;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
VALUES
(1, 2465000000911, 0, 19, 91, 300, 'CNY', '2026-10-01'),
(1, 2465000000912, 0, 19, 91, 200, 'CNY', '2026-10-01'),
(0, 2465000000913, 0, 91, 21, 300, 'CNY', '2026-10-01');

UPDATE purse SET
    posted_minor = posted_minor - 500,
    last_journal = 2465000000912
WHERE account_id = 19;

UPDATE purse SET
    posted_minor = posted_minor + 300,
    last_journal = 2465000000913
WHERE account_id = 21;

INSERT INTO gift (
    shard, journal_id, card_id, issuer_id, sender_id, depth, sent_at, due_at, token_hash,
    phone_hash, phone_masked, wish, from_name, state, ended_as, ended_at, to_shard, to_card,
    ended_id, receiver_id
)
VALUES
(
    1, 2465000000911, 1, 1, 1, 1, '2026-10-01 04:00:00+00', '2026-10-04 04:00:00+00', NULL,
    '\xbb', '137****0000', 'well', 'Li', 'claimed', 'claimed', '2026-10-01 04:00:00+00', 0, 2,
    2465000000913, 2
),
(
    1, 2465000000912, 1, 1, 1, 1, '2026-10-01 04:00:00+00', '2026-10-04 04:00:00+00', '\xcc',
    NULL, '', '', '', 'reserved', '', NULL, NULL, NULL, NULL, NULL
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
                'b|2026-10-01T04:00:00.000000+00:00',
                'x|member/1/gift.send/job-1/f|2465000000911|gift_send|aa|approved||1',
                'j|2465000000911|gift_send|0|1|2026-10-01',
                'e|2465000000911|0|19|91|300|CNY',
                'x|member/1/gift.send/job-2/f|2465000000912|gift_send|aa|approved||1',
                'j|2465000000912|gift_send|0|1|2026-10-01',
                'e|2465000000912|0|19|91|200|CNY',
                ''
            ),
            'UTF8'
        )
    ),
    2,
    2,
    '2026-10-01',
    '2026-10-01 04:00:00+00'
FROM seal
WHERE shard = 1
ORDER BY seq DESC
LIMIT 1;

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    0,
    seq + 1,
    digest,
    sha256(
        digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T04:00:00.000000+00:00',
                'x|member/2/gift.claim/job-3/f|2465000000913|gift_claim|aa|approved||2',
                'j|2465000000913|gift_claim|0|2|2026-10-01',
                'e|2465000000913|0|91|21|300|CNY',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 04:00:00+00'
FROM seal
WHERE shard = 0
ORDER BY seq DESC
LIMIT 1;
