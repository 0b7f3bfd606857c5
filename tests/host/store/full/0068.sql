-- A sale that a rule counted, one that another refused, and a pack that is switched on.

INSERT INTO rule_pack_use (pack, issuer_id, used_from, used_to)
VALUES ('CN-PREPAID', 1, '2026-10-01', '2030-12-31');

INSERT INTO rule (
    id, version, name, state, issuer_id, says, times, period, made_by, made_at, activated_by,
    activated_at, tried_on, tried
)
VALUES
(
    90, 1, 'Ten a day', 'active', 1, 'count_max', 10, 'day', 'ma', '2026-09-30 09:00:00+00', 'li',
    '2026-09-30 10:00:00+00', '2026-09-29', '{"asked": 1}'
),
(
    90, 2, 'Nine a day', 'draft', 1, 'count_max', 9, 'day', 'ma', '2026-10-02 09:00:00+00', NULL,
    NULL, NULL, NULL
);
INSERT INTO rule (
    id, version, name, state, merchant_id, says, stores, valid_from, valid_to, made_by, made_at
)
VALUES (
    91, 1, 'Here only', 'draft', 1, 'only', '{1}', '2026-10-01', '2026-12-31', 'ma',
    '2026-10-02 09:00:00+00'
);
UPDATE rule SET
    retired_by = 'li',
    retired_at = '2026-10-03 09:00:00+00',
    state = 'retired'
WHERE id = 90 AND version = 1;

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    0,
    'pos/80010001/000013/000968/f',
    2465000000968,
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
    100,
    'CNY',
    business_date,
    (
        SELECT max(purse.last_journal) FROM purse
        WHERE purse.shard = 0 AND purse.card_id = 2
    )
FROM exchange
WHERE id = 2465000000968;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
VALUES (0, 2465000000968, 0, 21, 4, 100, 'CNY', '2026-10-01');

UPDATE purse SET
    posted_minor = posted_minor - 100,
    last_journal = 2465000000968
WHERE account_id = 21;

INSERT INTO rule_told (
    shard, exchange_id, rule_id, rule_version, outcome, period, used_by, subject, period_from,
    times, amount_minor, had_times, had_minor, asked_minor, goods
)
VALUES (
    0, 2465000000968, 90, 1, 'counted', 'day', 'card', '2', '2026-10-01', 1, 100, 0, 0, 100, ''
);
INSERT INTO usage_counter (
    shard, counter, period, used_by, subject, period_from, times, amount_minor
)
VALUES (0, 'rule/90', 'day', 'card', '2', '2026-10-01', 1, 100);

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
                'x|pos/80010001/000013/000968/f|2465000000968|purchase|aa|approved||2',
                'k|rule_told|2465000000968|90|1|counted|day|card|2|2026-10-01|1|100|0|0|100|',
                'j|2465000000968|purchase|0|2|2026-10-01',
                'e|2465000000968|0|21|4|100|CNY',
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
