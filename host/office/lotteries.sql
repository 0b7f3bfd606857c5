-- Lotteries, as people make, freeze and end them, and as the clock goes on with them.

-- name: programme_for_owner
-- Whether who gives the prizes has its draws paid in that programme: an issuer in its own or in an
-- alliance's that it is in; a merchant in one whose cards it takes; an alliance in its own.
SELECT exists(
    SELECT
    FROM programme AS p
    WHERE
        p.code = %(programme)s
        AND (
            p.alliance_id = %(alliance)s
            OR p.issuer_id = %(issuer)s
            OR p.issuer_id IN (
                SELECT a.issuer_id FROM acceptance AS a WHERE a.merchant_id = %(merchant)s
            )
            OR p.alliance_id IN (
                SELECT m.alliance_id FROM alliance_member AS m
                WHERE m.issuer_id = %(issuer)s OR m.merchant_id = %(merchant)s
            )
        )
);

-- name: add_lottery
-- A draft: nobody draws in it.
-- notes: lottery
INSERT INTO lottery AS t (
    code, name, issuer_id, merchant_id, alliance_id, unit, cost_points, threshold_points, cap,
    opens_on, closes_on, author_words, made_by, made_at
)
VALUES (
    %(lottery)s, %(name)s, %(issuer)s, %(merchant)s, %(alliance)s, %(unit)s, %(cost_points)s,
    %(threshold_points)s, %(cap)s, %(opens_on)s, %(closes_on)s, %(words)s, %(made_by)s, %(made_at)s
)
RETURNING t.id;

-- name: add_prize
-- In its order.
-- notes: prize
INSERT INTO prize AS t (lottery_id, place, code, name, kind, amount, parts, stock)
VALUES (
    %(lottery_id)s, %(place)s, %(code)s, %(name)s, %(kind)s, %(amount)s, %(parts)s, %(stock)s
);

-- name: author_words
-- For the seed: neither its freezer nor history is shown them.
SELECT o.author_words FROM lottery AS o
WHERE o.id = %(id)s;

-- name: other_owners
-- Whether a merchant has another owner than this person, in whose hands the freezing lies then.
SELECT exists(
    SELECT
    FROM person_grant AS g
    INNER JOIN person AS p ON g.person_id = p.id
    WHERE
        g.role = 'merchant_owner'
        AND g.scope = 'merchant'
        AND g.merchant_id = %(merchant)s
        AND g.person_id <> %(person)s
        AND g.from_at <= %(now)s
        AND (g.until_at IS NULL OR g.until_at > %(now)s)
        AND g.ended_at IS NULL
        AND p.state = 'active'
);

-- name: freeze
-- What was written is committed to.
-- notes: lottery
UPDATE lottery AS t
SET
    state = %(state)s,
    freezer_words = %(words)s,
    seed_sealed = %(sealed)s,
    commitment = %(commitment)s,
    frozen_by = %(frozen_by)s,
    frozen_at = %(now)s
WHERE t.id = %(id)s;

-- name: stock_prizes
-- All of them are there.
INSERT INTO prize_stock (lottery_id, place, stock)
SELECT
    p.lottery_id,
    p.place,
    p.stock
FROM prize AS p
WHERE p.lottery_id = %(id)s;

-- name: begin_list
-- Before its first line it ends with the commitment.
INSERT INTO lottery_list (lottery_id, link) VALUES (%(id)s, %(commitment)s);

-- name: hold_list
-- Nobody draws while it is held; who does is waited for.
UPDATE lottery_list AS l SET held_at = %(now)s
WHERE l.lottery_id = %(id)s;

-- name: end
-- Nobody draws in it any more, or ever.
-- notes: lottery
UPDATE lottery AS t
SET
    state = %(state)s,
    ended_at = %(now)s
WHERE t.id = %(id)s;

-- name: move
-- On to where the table of states says.
-- notes: lottery
UPDATE lottery AS t SET state = %(state)s
WHERE t.id = %(id)s;

-- name: reveal
-- The house's part of the seed is told, and where the list ends.
-- notes: lottery
UPDATE lottery AS t
SET
    state = %(state)s,
    seed_told = %(house)s,
    told_lines = l.lines,
    told_link = l.link
FROM lottery_list AS l
WHERE t.id = %(id)s AND l.lottery_id = t.id;

-- name: seed_sealed
-- The house's part, under the LMK.
SELECT o.seed_sealed FROM lottery AS o
WHERE o.id = %(id)s;

-- name: due_to_open
-- Those whose first day has come.
SELECT o.code
FROM lottery AS o
WHERE
    o.state = 'frozen'
    AND o.opens_on <= (SELECT d.business_date FROM business_day AS d WHERE d.state = 'open')
ORDER BY o.id
LIMIT %(limit)s
FOR UPDATE OF o SKIP LOCKED;

-- name: due_to_close
-- Those whose last day is over.
SELECT o.code
FROM lottery AS o
WHERE
    o.state = 'open'
    AND o.closes_on < (SELECT d.business_date FROM business_day AS d WHERE d.state = 'open')
ORDER BY o.id
LIMIT %(limit)s
FOR UPDATE OF o SKIP LOCKED;

-- name: due_to_be_told
-- Those that are closed.
SELECT o.code
FROM lottery AS o
WHERE o.state = 'closed'
ORDER BY o.id
LIMIT %(limit)s
FOR UPDATE OF o SKIP LOCKED;

-- name: due_to_be_posted
-- Those of which nothing that was won is still to be handed out.
SELECT o.code
FROM lottery AS o
WHERE
    o.state = 'revealed'
    AND NOT EXISTS (
        SELECT
        FROM draw AS d
        INNER JOIN prize AS p ON d.lottery_id = p.lottery_id AND d.place = p.place
        LEFT JOIN prize_paid AS h ON d.shard = h.shard AND d.journal_id = h.journal_id
        WHERE
            d.lottery_id = o.id
            AND d.act = 'draw'
            AND p.kind IN ('goods', 'voucher')
            AND h.journal_id IS NULL
            AND (
                SELECT e.act FROM draw AS e
                WHERE e.lottery_id = d.lottery_id AND e.of_seq = d.seq
                ORDER BY e.seq DESC
                LIMIT 1
            ) <> 'undone'
    )
ORDER BY o.id
LIMIT %(limit)s
FOR UPDATE OF o SKIP LOCKED;

-- name: draw_of
-- A draw by its place in the list, what was won, whether it stands, whether that is handed out.
SELECT
    d.shard,
    d.journal_id,
    p.kind,
    (
        SELECT e.act FROM draw AS e
        WHERE e.lottery_id = d.lottery_id AND e.of_seq = d.seq
        ORDER BY e.seq DESC
        LIMIT 1
    ) <> 'undone' AS stands,
    h.journal_id IS NOT NULL AS is_paid
FROM draw AS d
INNER JOIN prize AS p ON d.lottery_id = p.lottery_id AND d.place = p.place
LEFT JOIN prize_paid AS h ON d.shard = h.shard AND d.journal_id = h.journal_id
WHERE d.lottery_id = %(id)s AND d.seq = %(draw)s AND d.act = 'draw';

-- name: hand_out
-- For good: it is not undone from here on.
-- notes: prize_paid
INSERT INTO prize_paid AS t (shard, journal_id, lottery_id, seq, note, paid_by, paid_at)
VALUES (
    %(shard)s, %(journal)s, %(id)s, %(draw)s, %(note)s, %(by)s, %(now)s
);

-- name: to_draw
-- Whether it is drawn in, and in which points it is paid.
SELECT
    state,
    unit
FROM lottery
WHERE code = %s;
