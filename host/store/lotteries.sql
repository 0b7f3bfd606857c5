-- Lotteries, as a batch draws from them.

-- name: lines_of
-- Which of these journals are lines of a list: draws, and voids of such.
SELECT
    d.journal_id,
    d.lottery_id,
    d.seq,
    d.act,
    d.of_seq,
    d.hit,
    d.place,
    d.card_id,
    d.member_id,
    d.link
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN draw AS d ON k.shard = d.shard AND k.id = d.journal_id;

-- name: hold_lists
-- Held until the batch is committed, so that no other draws from the same stock. In one order, so
-- that no two wait for one another. What is read of them is asked after this, and is as new.
SELECT l.lottery_id
FROM lottery_list AS l
WHERE
    l.lottery_id = any(%(ids)s::integer [])
    OR l.lottery_id IN (SELECT o.id FROM lottery AS o WHERE o.code = any(%(codes)s::text []))
ORDER BY l.lottery_id
FOR UPDATE;

-- name: lotteries
-- What is frozen of them, whose they are, what their seeds are made of, where their lists end.
SELECT
    o.id,
    o.code,
    coalesce(
        'issuer ' || i.institution_id, 'merchant ' || m.merchant_id, 'alliance ' || a.code
    ) AS owner,
    o.unit,
    o.cost_points,
    o.threshold_points,
    o.cap,
    o.opens_on,
    o.closes_on,
    o.name,
    o.state,
    o.issuer_id,
    o.merchant_id,
    o.alliance_id,
    o.author_words,
    o.freezer_words,
    o.seed_sealed,
    o.commitment,
    l.lines,
    l.link
FROM (
    SELECT unnest(%(ids)s::integer []) AS id
    UNION
    SELECT n.id FROM lottery AS n WHERE n.code = any(%(codes)s::text [])
) AS k
INNER JOIN lottery AS o ON k.id = o.id
INNER JOIN lottery_list AS l ON k.id = l.lottery_id
LEFT JOIN issuer AS i ON o.issuer_id = i.id
LEFT JOIN merchant AS m ON o.merchant_id = m.id
LEFT JOIN alliance AS a ON o.alliance_id = a.id;

-- name: prizes
-- What they give, in the frozen order, and how many were taken.
SELECT
    p.lottery_id,
    p.place,
    p.code,
    p.parts,
    p.stock,
    p.kind,
    p.amount,
    p.name,
    s.taken
FROM (
    SELECT unnest(%(ids)s::integer []) AS id
    UNION
    SELECT n.id FROM lottery AS n WHERE n.code = any(%(codes)s::text [])
) AS k
INNER JOIN prize AS p ON k.id = p.lottery_id
INNER JOIN prize_stock AS s ON p.lottery_id = s.lottery_id AND p.place = s.place
ORDER BY p.lottery_id ASC, p.place ASC;

-- name: entrants
-- How often these cards have drawn, and the members they are bound to by whichever card.
SELECT
    e.lottery_id,
    e.card_id,
    e.member_id,
    e.draws
FROM (SELECT unnest(%(codes)s::text []) AS code, unnest(%(cards)s::bigint []) AS card_id) AS k
INNER JOIN lottery AS o ON k.code = o.code
INNER JOIN lottery_entrant AS e ON o.id = e.lottery_id AND k.card_id = e.card_id
UNION
SELECT
    e.lottery_id,
    e.card_id,
    e.member_id,
    e.draws
FROM (SELECT unnest(%(codes)s::text []) AS code, unnest(%(members)s::bigint []) AS member_id) AS k
INNER JOIN lottery AS o ON k.code = o.code
INNER JOIN lottery_entrant AS e ON o.id = e.lottery_id AND k.member_id = e.member_id
WHERE k.member_id > 0;

-- name: handed_out
-- Draws whose prizes were handed out: these are not undone.
SELECT p.journal_id
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN prize_paid AS p ON k.shard = p.shard AND k.id = p.journal_id;

-- name: add_draws
-- Their lines.
-- notes: draw
INSERT INTO draw AS t (
    shard, journal_id, lottery_id, seq, act, of_seq, hit, place, card_id, member_id, link
)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::integer []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bytea []);

-- name: take_prizes
-- By difference; prize_stock_not_overdrawn has the last word.
UPDATE prize_stock AS p SET taken = p.taken + r.change
FROM (
    SELECT
        k.lottery_id,
        k.place,
        sum(k.change)::bigint AS change
    FROM unnest(%s::integer [], %s::smallint [], %s::smallint []) AS k (lottery_id, place, change)
    GROUP BY k.lottery_id, k.place
) AS r
WHERE p.lottery_id = r.lottery_id AND p.place = r.place;

-- name: end_lists
-- Where each ends after the last of its new lines.
UPDATE lottery_list AS l SET
    lines = r.lines,
    link = r.link
FROM (
    SELECT DISTINCT ON (k.lottery_id)
        k.lottery_id,
        k.lines,
        k.link
    FROM unnest(%s::integer [], %s::bigint [], %s::bytea []) AS k (lottery_id, lines, link)
    ORDER BY k.lottery_id ASC, k.lines DESC
) AS r
WHERE l.lottery_id = r.lottery_id;

-- name: count_entrants
-- How often each has drawn now.
INSERT INTO lottery_entrant AS e (lottery_id, card_id, member_id, draws)
SELECT
    k.lottery_id,
    k.card_id,
    k.member_id,
    sum(k.change)
FROM (
    SELECT
        unnest(%s::integer []) AS lottery_id,
        unnest(%s::bigint []) AS card_id,
        unnest(%s::bigint []) AS member_id,
        unnest(%s::smallint []) AS change
) AS k
GROUP BY k.lottery_id, k.card_id, k.member_id
ON CONFLICT ON CONSTRAINT lottery_entrant_once
DO UPDATE SET draws = e.draws + excluded.draws;
