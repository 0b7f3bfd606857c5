-- A lottery, as anybody may have it: for its file.

-- name: told
-- What is frozen of it, what it was committed to, and what is told once it is over.
SELECT
    o.id,
    o.state,
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
    o.commitment,
    o.seed_told,
    o.author_words,
    o.freezer_words,
    o.told_lines,
    o.told_link
FROM lottery AS o
LEFT JOIN issuer AS i ON o.issuer_id = i.id
LEFT JOIN merchant AS m ON o.merchant_id = m.id
LEFT JOIN alliance AS a ON o.alliance_id = a.id
WHERE o.code = %s;

-- name: prizes
-- In the frozen order.
SELECT
    p.place,
    p.code,
    p.parts,
    p.stock,
    p.kind,
    p.amount,
    p.name
FROM prize AS p
WHERE p.lottery_id = %s
ORDER BY p.place;

-- name: list
-- Its list from the first line on, each draw by the key of its exchange.
SELECT
    d.seq,
    d.act,
    d.of_seq,
    d.hit,
    d.place,
    d.link,
    j.slot
FROM draw AS d
INNER JOIN journal AS j ON d.shard = j.shard AND d.journal_id = j.id
WHERE d.lottery_id = %s
ORDER BY d.seq;
