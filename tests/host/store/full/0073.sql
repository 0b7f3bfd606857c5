-- Three lotteries: one of an issuer in which somebody has won tea, which was handed out, and whose
-- seed is told; an open one of a merchant; and a draft of an alliance.

INSERT INTO lottery (
    code, name, issuer_id, merchant_id, alliance_id, unit, cost_points, threshold_points, cap,
    opens_on, closes_on, state, author_words, freezer_words, seed_sealed, commitment, seed_told,
    told_lines, told_link, made_by, made_at, frozen_by, frozen_at, ended_at
)
WITH people AS (
    SELECT
        min(id) AS one,
        max(id) AS other
    FROM person
)

SELECT
    'TOLD',
    'Tea or nothing',
    1,
    NULL,
    NULL,
    'P:RED',
    5,
    10,
    2,
    '2026-10-01'::date,
    '2026-10-02'::date,
    'revealed',
    'rain',
    'wind',
    '\x01'::bytea,
    '\x01'::bytea,
    '\x02'::bytea,
    1,
    '\x02'::bytea,
    people.one,
    '2026-10-01 03:40:00+00'::timestamptz,
    people.other,
    '2026-10-01 03:41:00+00'::timestamptz,
    '2026-10-01 03:43:00+00'::timestamptz
FROM people;

INSERT INTO lottery (
    code, name, merchant_id, unit, cost_points, threshold_points, cap, opens_on, closes_on, state,
    author_words, freezer_words, seed_sealed, commitment, made_by, made_at, frozen_by, frozen_at
)
SELECT
    'SHOP',
    name,
    1,
    unit,
    cost_points,
    threshold_points,
    cap,
    opens_on,
    closes_on,
    'open',
    author_words,
    freezer_words,
    seed_sealed,
    commitment,
    made_by,
    made_at,
    frozen_by,
    frozen_at
FROM lottery;

INSERT INTO lottery (
    code, name, alliance_id, unit, cost_points, threshold_points, cap, opens_on, closes_on, made_by,
    made_at
)
SELECT
    'ALL',
    name,
    1,
    unit,
    cost_points,
    threshold_points,
    cap,
    opens_on,
    closes_on,
    made_by,
    made_at
FROM lottery
WHERE code = 'TOLD';

INSERT INTO prize (lottery_id, place, code, name, kind, amount, parts, stock)
SELECT
    lottery.id,
    given.place,
    given.code,
    given.code,
    given.kind,
    0,
    500000,
    given.stock
FROM lottery
CROSS JOIN (VALUES (1, 'TEA', 'goods', 3), (2, 'NONE', 'nothing', NULL)) AS given (
    place, code, kind, stock
);

INSERT INTO prize_stock (lottery_id, place, stock, taken)
SELECT
    prize.lottery_id,
    prize.place,
    prize.stock,
    CASE WHEN lottery.code = 'TOLD' AND prize.place = 1 THEN 1 ELSE 0 END
FROM prize
INNER JOIN lottery ON prize.lottery_id = lottery.id
WHERE lottery.code <> 'ALL';

INSERT INTO lottery_list (lottery_id, lines, link, held_at)
SELECT
    id,
    CASE WHEN code = 'TOLD' THEN 1 ELSE 0 END,
    CASE WHEN code = 'TOLD' THEN '\x02'::bytea ELSE commitment END,
    '2026-10-01 03:43:00+00'
FROM lottery
WHERE code <> 'ALL';

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
SELECT
    0,
    'pos/80010001/000013/000985/f',
    2465000000985,
    1,
    max(seq) + 1,
    'lottery_draw',
    '\xaa',
    'approved',
    false,
    '\x',
    1,
    '80010001',
    '2026-10-01',
    '2026-10-01 03:42:00+00'
FROM seal
WHERE shard = 1;

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
    'P:RED',
    business_date,
    (
        SELECT max(purse.last_journal) FROM purse
        WHERE purse.shard = 1 AND purse.card_id = 1
    )
FROM exchange
WHERE id = 2465000000985;

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
)
VALUES (1, 2465000000985, 0, 20, 2, 5, 'P:RED', '2026-10-01');

INSERT INTO lot_use (shard, journal_id, account_id, lot_id, points)
SELECT
    lot.shard,
    2465000000985,
    lot.account_id,
    lot.id,
    5
FROM lot
WHERE lot.account_id = 20 AND lot.remaining >= 5;

UPDATE lot SET remaining = remaining - 5
WHERE account_id = 20 AND remaining >= 5;

UPDATE purse SET
    posted_minor = posted_minor - 5,
    last_journal = 2465000000985
WHERE account_id = 20;

INSERT INTO draw (
    shard, journal_id, lottery_id, seq, act, of_seq, hit, place, card_id, member_id, link
)
SELECT
    1,
    2465000000985,
    id,
    1,
    'draw',
    1,
    1,
    1,
    1,
    0,
    '\x02'
FROM lottery
WHERE code = 'TOLD';

INSERT INTO lottery_entrant (lottery_id, card_id, member_id, draws)
SELECT
    id,
    1,
    0,
    1
FROM lottery
WHERE code = 'TOLD';

INSERT INTO prize_paid (shard, journal_id, lottery_id, seq, note, paid_by, paid_at)
SELECT
    draw.shard,
    draw.journal_id,
    draw.lottery_id,
    draw.seq,
    'tea, over the counter',
    (SELECT min(person.id) FROM person),
    '2026-10-01 03:44:00+00'
FROM draw;

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    1,
    seq + 1,
    digest,
    sha256(
        digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T03:42:00.000000+00:00',
                'x|pos/80010001/000013/000985/f|2465000000985|lottery_draw|aa|approved||1',
                'j|2465000000985|lottery_draw|0|1|2026-10-01',
                'e|2465000000985|0|20|2|5|P:RED',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 03:42:00+00'
FROM seal
WHERE shard = 1
ORDER BY seq DESC
LIMIT 1;
