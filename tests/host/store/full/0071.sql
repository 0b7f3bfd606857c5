-- A rate between two programmes, and a conversion at it.

INSERT INTO programme (
    code, issuer_id, name, earn_points, earn_per_minor, redemption_points_min, debt_is_allowed,
    alliance_id, is_primary
)
VALUES ('PINK', 1, 'Pink points', 1, 100, 10, false, NULL, false);

INSERT INTO account (id, chart, unit, issuer_id, merchant_id)
VALUES (9701, 'conversion', 'P:PINK', 1, NULL);

INSERT INTO rate (id, from_programme, to_programme, since, times, per, made_by)
VALUES (1, 'RED', 'PINK', '2026-10-01 00:00:00+00', 3, 2, 'fang');

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
    2465000000967,
    1,
    last.seq + 1,
    'points_conversion',
    '\xaa',
    'approved',
    false,
    '\x',
    1,
    NULL,
    '2026-10-01',
    '2026-10-01 03:50:00+00'
FROM (VALUES ('office/fang/points.convert/job-967/f')) AS asked (slot)
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
    2,
    'P:RED',
    business_date,
    (
        SELECT max(purse.last_journal) FROM purse
        WHERE purse.shard = 1 AND purse.card_id = 1
    )
FROM exchange
WHERE id = 2465000000967;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    1,
    2465000000967,
    0,
    20,
    id,
    2,
    'P:RED',
    '2026-10-01'::date
FROM account
WHERE chart = 'conversion' AND unit = 'P:RED' AND issuer_id = 1
UNION ALL
SELECT
    1,
    2465000000967,
    1,
    9701,
    9702,
    3,
    'P:PINK',
    '2026-10-01';

INSERT INTO purse (
    shard, card_id, account_id, unit, posted_minor, expires_from, last_journal
)
VALUES (1, 1, 9702, 'P:PINK', 3, '2027-10-31', 2465000000967);

INSERT INTO lot (shard, account_id, id, earned_on, expires_on, points, remaining)
VALUES (1, 9702, 2465000000967, '2026-10-01', '2027-10-31', 3, 3);

INSERT INTO lot_use (shard, journal_id, account_id, lot_id, points)
SELECT
    shard,
    2465000000967,
    account_id,
    id,
    2
FROM lot
WHERE account_id = 20 AND remaining >= 2
ORDER BY id
LIMIT 1;

UPDATE lot SET remaining = remaining - 2
WHERE
    (shard, account_id, id) IN (
        SELECT
            u.shard,
            u.account_id,
            u.lot_id
        FROM lot_use AS u
        WHERE u.journal_id = 2465000000967
    );

UPDATE purse SET
    posted_minor = posted_minor - 2,
    last_journal = 2465000000967
WHERE account_id = 20;

INSERT INTO conversion (shard, journal_id, rate_id)
VALUES (1, 2465000000967, 1);

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    1,
    s.seq + 1,
    s.digest,
    sha256(
        s.digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T03:50:00.000000+00:00',
                'x|office/fang/points.convert/job-967/f|2465000000967|points_conversion|aa'
                || '|approved||1',
                'j|2465000000967|points_conversion|0|1|2026-10-01',
                'e|2465000000967|0|20|' || a.id || '|2|P:RED',
                'e|2465000000967|1|9701|9702|3|P:PINK',
                'l|2465000000967|9702|3|2027-10-31',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 03:50:00+00'
FROM seal AS s
INNER JOIN account AS a ON a.chart = 'conversion' AND a.unit = 'P:RED' AND a.issuer_id = 1
WHERE s.shard = 1
ORDER BY s.seq DESC
LIMIT 1;
