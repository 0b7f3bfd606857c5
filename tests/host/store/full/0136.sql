-- A payment over a port that is to be paid, with what the simulated port remembers; and one that
-- was paid late, once more, and went back.

INSERT INTO port_payment (
    id, port, order_number, member_id, asked_by, issuer_id, shard, card_id, amount_minor, plan,
    asked_at, expires_at, state, reference, paid_at, refusal, looks, next_look_at
)
SELECT
    v.id,
    'wechat',
    v.order_number,
    p.member_id,
    p.id,
    1,
    0,
    4,
    300,
    '{}'::jsonb,
    '2026-11-27 09:00:00+00',
    '2026-11-27 09:15:00+00',
    v.state,
    v.reference,
    v.paid_at::timestamptz,
    v.refusal,
    1,
    v.next_look_at::timestamptz
FROM (
    VALUES
    (1, 'L26112700000001', 'to_pay', NULL, NULL, '', '2026-11-27 09:01:00+00'),
    (2, 'L26112700000002', 'refunded', 'SIM-2-0', '2026-11-27 09:20:00+00', 'late', NULL)
) AS v (id, order_number, state, reference, paid_at, refusal, next_look_at)
INNER JOIN person AS p ON p.login = 'member:' || p.member_id;

INSERT INTO port_payment_more (payment_id, reference, amount_minor, seen_at, refunded_at)
VALUES (2, 'SIM-2-1', 300, '2026-11-27 09:20:00+00', '2026-11-27 09:20:00+00');

INSERT INTO port_simulated (order_number, amount_minor, is_closed, silent_until, paid)
VALUES ('L26112700000001', 300, false, '2026-11-27 09:00:20+00', '[]');

-- And one that was paid and loaded, with its posting.
INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    mod(crc32(convert_to(k.slot, 'UTF8')), 2),
    k.slot,
    2465000000995,
    0,
    k.seal,
    'port_load',
    '\xaa',
    'approved',
    false,
    '\x',
    4,
    NULL,
    '2026-10-01',
    '2026-10-01 04:30:00+00'
FROM (
    SELECT
        'member/' || min(p.member_id) || '/load.online/payment-3/f' AS slot,
        (SELECT max(s.seq) + 1 FROM seal AS s WHERE s.shard = 0) AS seal
    FROM port_payment AS p
) AS k;

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
    300,
    'CNY',
    business_date,
    2465000000993
FROM exchange
WHERE id = 2465000000995;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    0,
    2465000000995,
    0,
    id,
    25,
    300,
    'CNY',
    '2026-10-01'::date
FROM account
WHERE chart = 'port_receivable' AND unit = 'CNY' AND issuer_id = 1;

UPDATE purse SET
    posted_minor = posted_minor + 300,
    last_journal = 2465000000995
WHERE account_id = 25;

INSERT INTO port_payment (
    id, port, order_number, member_id, asked_by, issuer_id, shard, card_id, amount_minor, plan,
    asked_at, expires_at, state, reference, paid_at, looks, journal_id
)
SELECT
    3,
    'wechat',
    'L26100100000003',
    member_id,
    asked_by,
    1,
    0,
    4,
    300,
    '{}'::jsonb,
    '2026-10-01 04:20:00+00',
    '2026-10-01 04:35:00+00',
    'loaded',
    'SIM-3-0',
    '2026-10-01 04:29:00+00',
    3,
    2465000000995
FROM port_payment
WHERE id = 1;

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    0,
    s.seq + 1,
    s.digest,
    sha256(
        s.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T04:30:00.000000+00:00',
                'x|' || e.slot || '|2465000000995|port_load|aa|approved||4',
                'j|2465000000995|port_load|0|4|2026-10-01',
                'e|2465000000995|0|' || c.id || '|25|300|CNY',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 04:30:00+00'
FROM seal AS s
INNER JOIN exchange AS e ON e.id = 2465000000995
INNER JOIN account AS c
    ON c.chart = 'port_receivable' AND c.unit = 'CNY' AND c.issuer_id = 1
WHERE s.shard = 0
ORDER BY s.seq DESC
LIMIT 1;
