-- History without meaning: rows as many years of trade leave them, one statement a table. Dates
-- before any estate's, numbers and slots that nobody else has.

-- name: days
-- Business dates, long closed.
INSERT INTO business_day (business_date, state, opened_at, closed_at)
SELECT
    date '2021-01-01' + number,
    'closed',
    timestamptz '2021-01-01',
    timestamptz '2021-01-01'
FROM generate_series(0, %(days)s - 1) AS number
ON CONFLICT DO NOTHING;

-- name: runs
-- Each of them was cleared.
INSERT INTO clearing_run (business_date, started_at, completed_at)
SELECT
    date '2021-01-01' + number,
    timestamptz '2021-01-01',
    timestamptz '2021-01-01'
FROM generate_series(0, %(days)s - 1) AS number
ON CONFLICT DO NOTHING;

-- name: issuers
-- Whose cards they were.
INSERT INTO issuer (
    id, institution_id, name, pan_prefix, currency, amount_minor_max, balance_minor_max,
    pin_tries_max
)
VALUES (999, '99999999999', 'History', '999999999999', 'CNY', 1, 1, 1)
ON CONFLICT DO NOTHING;

-- name: merchants
-- Who sold.
INSERT INTO merchant (id, merchant_id, name) VALUES (999999, 'HISTORY00000000', 'History')
ON CONFLICT DO NOTHING;

-- name: stores
-- Where.
INSERT INTO store (id, merchant_id, name) VALUES (999999, 999999, 'History')
ON CONFLICT DO NOTHING;

-- name: terminals
-- On what.
INSERT INTO terminal (terminal_id, store_id, epoch, mac_algorithm)
VALUES ('HISTORY0', 999999, '000001', 'x9.19')
ON CONFLICT DO NOTHING;

-- name: purses
-- Of cards, with nothing in them.
INSERT INTO purse (shard, card_id, account_id, unit)
SELECT
    mod(number, 4),
    1000000000 + number,
    1000000000 + number,
    'CNY'
FROM generate_series(1, least(%(rows)s, 20000)) AS number;

-- name: cards
-- Not one that could be presented.
INSERT INTO card (
    shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed
)
SELECT
    mod(number, 4),
    decode(md5(number::text), 'hex'),
    1000000000 + number,
    999,
    'inactive',
    '9912',
    '999999******0000',
    ''
FROM generate_series(1, least(%(rows)s, 20000)) AS number;

-- name: seals
-- What the ends of the chains are found behind.
INSERT INTO seal (shard, seq, previous, digest, items, business_date, sealed_at)
SELECT
    mod(number, 4),
    1000000 + number / 4,
    decode(md5(number::text), 'hex'),
    decode(md5((number + 4)::text), 'hex'),
    1,
    date '2021-01-01' + (number * %(days)s / (%(rows)s + 1))::integer,
    timestamptz '2021-01-01'
FROM generate_series(0, %(rows)s::bigint - 1) AS number;

-- name: exchanges
-- What was asked, batch after batch of a thousand terminals.
INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    mod(number, 4),
    'pos/H' || lpad(mod(number, 1000)::text, 7, '0')
    || '/' || lpad((number / 1000000)::text, 6, '0')
    || '/' || lpad(mod(number / 1000, 1000)::text, 6, '0') || '/f',
    (366 + number * %(days)s / (%(rows)s + 1)) * 1000000000 + mod(number, 1000000000),
    mod(number, 4),
    1000000 + number / 4,
    'purchase',
    '\xaa'::bytea,
    'approved',
    false,
    ''::bytea,
    1000000001,
    'HISTORY0',
    date '2021-01-01' + (number * %(days)s / (%(rows)s + 1))::integer,
    timestamptz '2021-01-01'
FROM generate_series(0, %(rows)s::bigint - 1) AS number;

-- name: journals
-- What moved.
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
    null,
    card_id,
    999,
    999999,
    terminal_id,
    100,
    'CNY',
    business_date
FROM exchange
WHERE terminal_id = 'HISTORY0';

-- name: entries
-- By one leg each.
INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
SELECT
    shard,
    id,
    0,
    1000000001 + mod(id, 1000),
    1000000000,
    100,
    'CNY',
    business_date
FROM journal
WHERE terminal_id = 'HISTORY0';

-- name: undos
-- As if each had been undone.
INSERT INTO undo (shard, original_id, attempt, journal_id, kind, amount_minor)
SELECT
    shard,
    id,
    0,
    id,
    'void',
    100
FROM journal
WHERE terminal_id = 'HISTORY0';

-- name: lots
-- Points of a few cards, half of them spent.
INSERT INTO lot (shard, account_id, id, earned_on, expires_on, points, remaining)
SELECT
    shard,
    1000000001 + mod(id, 10),
    id,
    business_date,
    business_date + 700,
    10,
    10 * (mod(id, 2))
FROM journal
WHERE terminal_id = 'HISTORY0';

-- name: lot_uses
-- What was taken.
INSERT INTO lot_use (shard, journal_id, account_id, lot_id, points)
SELECT
    shard,
    id,
    account_id,
    id,
    10
FROM lot
WHERE account_id >= 1000000000;

-- name: advices
-- As if an external issuer had decided each.
INSERT INTO advice (shard, journal_id, reference, pan_masked)
SELECT
    shard,
    id,
    '000000000000',
    '999999******0000'
FROM journal
WHERE terminal_id = 'HISTORY0';

-- name: checkpoints
-- Of every account and date that moved.
INSERT INTO checkpoint (account_id, business_date, balance_minor)
SELECT DISTINCT
    debit_account,
    business_date,
    0
FROM entry
WHERE credit_account = 1000000000;

-- name: batches
-- Settled, and closed.
INSERT INTO terminal_batch (
    institution, terminal_id, epoch, state, attempt, with_points, business_date, counted,
    end_answer, settled_at, closed_at, marks
)
SELECT
    'pos',
    'HISTORY0',
    lpad(number::text, 6, '0'),
    'closed',
    1,
    true,
    date '2021-01-01',
    '{0,0,0,0,0,0,0,0}',
    '',
    timestamptz '2021-01-01',
    timestamptz '2021-01-01',
    '{0,0,0,0}'
FROM generate_series(1, least(%(rows)s, 999999)) AS number;

-- name: records
-- Uploaded with each.
INSERT INTO upload_record (
    institution, terminal_id, epoch, attempt, stan, amount_minor, is_foreign
)
SELECT
    'pos',
    'HISTORY0',
    lpad(number::text, 6, '0'),
    1,
    '000001',
    100,
    false
FROM generate_series(1, least(%(rows)s, 999999)) AS number;

-- name: cases
-- All but a few resolved.
INSERT INTO exception_case (
    kind, terminal_id, epoch, stan, detail, amount_minor, unit, opened_at, seen_at, resolved_at,
    resolved_by, note
)
SELECT
    'history',
    'HISTORY0',
    lpad(number::text, 6, '0'),
    '000001',
    'history',
    100,
    'CNY',
    timestamptz '2021-01-01',
    timestamptz '2021-01-01',
    CASE WHEN number > 10 THEN timestamptz '2021-01-01' END,
    CASE WHEN number > 10 THEN 'history' END,
    CASE WHEN number > 10 THEN 'history' END
FROM generate_series(1, least(%(rows)s, 999999)) AS number;

-- name: reports
-- Of the switch.
INSERT INTO case_report (slot, detail, reported_at)
SELECT
    number::text,
    'history',
    timestamptz '2021-01-01'
FROM generate_series(1, %(rows)s) AS number;
