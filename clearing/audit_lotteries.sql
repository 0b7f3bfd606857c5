-- What the audit asks of lotteries: each statement gives the rows that break its rule.

-- name: draw_not_its_journal
-- Each draw, each undoing of one and each undoing of that has its line in the list of the lottery,
-- about the draw it is about; and no other posting has.
SELECT
    coalesce(exchange.shard, draw.shard) AS shard,
    coalesce(exchange.id, draw.journal_id) AS id,
    coalesce(exchange.kind, 'no exchange') AS kind,
    coalesce(draw.act, 'none') AS act
FROM exchange
LEFT JOIN journal ON journal.shard = exchange.shard AND journal.id = exchange.id
LEFT JOIN draw AS about
    ON about.shard = journal.shard AND about.journal_id = journal.original_id
FULL JOIN draw ON draw.shard = exchange.shard AND draw.journal_id = exchange.id
WHERE
    (draw.journal_id IS NOT NULL AND journal.id IS NULL)
    OR (
        (draw.act, draw.lottery_id, draw.card_id)
        IS DISTINCT FROM (
            CASE
                WHEN exchange.kind = 'lottery_draw' AND exchange.reason = 'approved' THEN 'draw'
                WHEN about.act IN ('draw', 'again') THEN 'undone'
                WHEN about.act = 'undone' THEN 'again'
            END,
            CASE WHEN about.act IS NULL THEN draw.lottery_id ELSE about.lottery_id END,
            CASE WHEN draw.act IS NOT NULL THEN journal.card_id END
        )
    )
    OR (about.act IS NOT NULL AND draw.of_seq <> about.of_seq)
ORDER BY coalesce(exchange.id, draw.journal_id)
LIMIT %(limit)s;

-- name: draw_not_its_prize
-- A draw takes what it costs, and gives what its prize is: points or money in a leg, or none.
WITH side AS (
    SELECT
        lottery.*,
        CASE WHEN lottery.merchant_id IS NULL THEN 'points_issued' ELSE 'merchant_points' END
            AS points,
        CASE WHEN lottery.merchant_id IS NULL THEN 'issuer_funds' ELSE 'merchant_payable' END
            AS money
    FROM lottery
),

leg AS (
    SELECT
        entry.shard,
        entry.journal_id,
        jsonb_agg(
            jsonb_build_array(debit.chart, credit.chart, entry.amount_minor)
            ORDER BY entry.leg
        ) AS moved
    FROM draw
    INNER JOIN entry ON entry.shard = draw.shard AND entry.journal_id = draw.journal_id
    LEFT JOIN ledger_account AS debit ON debit.id = entry.debit_account
    LEFT JOIN ledger_account AS credit ON credit.id = entry.credit_account
    WHERE draw.act = 'draw'
    GROUP BY entry.shard, entry.journal_id
),

due AS (
    SELECT
        draw.shard,
        draw.journal_id,
        draw.seq,
        side.code AS lottery,
        prize.code AS prize,
        jsonb_build_array(
            jsonb_build_array('card_points', side.points, side.cost_points)
        )
        || CASE prize.kind
            WHEN 'points'
                THEN
                    jsonb_build_array(
                        jsonb_build_array(side.points, 'card_points', prize.amount)
                    )
            WHEN 'value'
                THEN
                    jsonb_build_array(jsonb_build_array(side.money, 'card_value', prize.amount))
            ELSE '[]'::jsonb
        END AS moved
    FROM draw
    INNER JOIN side ON side.id = draw.lottery_id
    LEFT JOIN prize ON prize.lottery_id = draw.lottery_id AND prize.place = draw.place
    WHERE draw.act = 'draw'
)

SELECT
    due.shard,
    due.journal_id,
    due.lottery,
    due.seq,
    coalesce(due.prize, 'none') AS prize
FROM due
LEFT JOIN leg ON leg.shard = due.shard AND leg.journal_id = due.journal_id
WHERE due.prize IS NULL OR leg.moved IS DISTINCT FROM due.moved
ORDER BY due.lottery, due.seq
LIMIT %(limit)s;

-- name: prize_not_its_draws
-- As many of a prize are given out as draws of it stand, of a stock that is the prize's.
WITH stands AS (
    SELECT
        lottery_id,
        place,
        sum(CASE act WHEN 'undone' THEN -1 ELSE 1 END) AS draws
    FROM draw
    GROUP BY lottery_id, place
)

SELECT
    lottery.code AS lottery,
    prize.code AS prize,
    coalesce(prize_stock.taken, -1) AS taken,
    coalesce(stands.draws, 0) AS draws
FROM prize
INNER JOIN lottery ON lottery.id = prize.lottery_id
FULL JOIN prize_stock
    ON prize_stock.lottery_id = prize.lottery_id AND prize_stock.place = prize.place
LEFT JOIN stands
    ON
        stands.lottery_id = coalesce(prize.lottery_id, prize_stock.lottery_id)
        AND stands.place = coalesce(prize.place, prize_stock.place)
WHERE
    prize.place IS NULL
    OR (prize_stock.place IS NULL) <> (lottery.frozen_at IS NULL)
    OR (
        prize_stock.place IS NOT NULL
        AND (
            prize_stock.taken <> coalesce(stands.draws, 0)
            OR prize_stock.stock IS DISTINCT FROM prize.stock
        )
    )
ORDER BY lottery.code, prize.place
LIMIT %(limit)s;

-- name: list_not_its_draws
-- A list has a line at each of its places, and ends with the link of the last, or, where it has
-- none, with the commitment; what was told of it when its seed was is what it was then.
WITH counted AS (
    SELECT
        lottery_id,
        count(*) AS lines,
        count(DISTINCT seq) AS places,
        max(seq) AS last_seq
    FROM draw
    GROUP BY lottery_id
)

SELECT
    coalesce(lottery.code, 'no lottery') AS lottery,
    lottery_list.lines,
    coalesce(counted.lines, 0) AS drawn
FROM lottery_list
LEFT JOIN lottery ON lottery.id = lottery_list.lottery_id
LEFT JOIN counted ON counted.lottery_id = lottery_list.lottery_id
LEFT JOIN draw AS last
    ON last.lottery_id = lottery_list.lottery_id AND last.seq = counted.last_seq
LEFT JOIN draw AS told
    ON told.lottery_id = lottery_list.lottery_id AND told.seq = lottery.told_lines
WHERE
    lottery.id IS NULL
    OR lottery_list.lines <> coalesce(counted.lines, 0)
    OR counted.lines <> counted.places
    OR counted.lines <> counted.last_seq
    OR lottery_list.link IS DISTINCT FROM coalesce(last.link, lottery.commitment)
    OR (
        lottery.told_lines IS NOT NULL
        AND lottery.told_link IS DISTINCT FROM coalesce(told.link, lottery.commitment)
    )
ORDER BY lottery.code
LIMIT %(limit)s;

-- name: entrant_not_their_draws
-- How often somebody has drawn is how many of their draws stand.
WITH stands AS (
    SELECT
        lottery_id,
        card_id,
        member_id,
        sum(CASE act WHEN 'undone' THEN -1 ELSE 1 END) AS draws
    FROM draw
    GROUP BY lottery_id, card_id, member_id
)

SELECT
    lottery_id,
    card_id,
    coalesce(lottery_entrant.draws, 0) AS counted,
    coalesce(stands.draws, 0) AS draws
FROM stands
FULL JOIN lottery_entrant USING (lottery_id, card_id, member_id)
WHERE coalesce(lottery_entrant.draws, 0) <> coalesce(stands.draws, 0)
ORDER BY lottery_id, card_id
LIMIT %(limit)s;

-- name: prize_paid_not_its_draw
-- What was handed out was won by a draw that stands, and had to be handed out.
WITH standing AS (
    SELECT
        lottery_id,
        of_seq,
        sum(CASE act WHEN 'undone' THEN -1 ELSE 1 END) AS times
    FROM draw
    GROUP BY lottery_id, of_seq
)

SELECT
    prize_paid.shard,
    prize_paid.journal_id,
    prize_paid.seq,
    coalesce(prize.code, 'no prize') AS prize
FROM prize_paid
LEFT JOIN draw
    ON
        draw.shard = prize_paid.shard
        AND draw.journal_id = prize_paid.journal_id
        AND draw.lottery_id = prize_paid.lottery_id
        AND draw.seq = prize_paid.seq
LEFT JOIN standing ON standing.lottery_id = draw.lottery_id AND standing.of_seq = draw.seq
LEFT JOIN prize ON prize.lottery_id = draw.lottery_id AND prize.place = draw.place
WHERE
    draw.act IS DISTINCT FROM 'draw'
    OR prize.kind IS NULL
    OR prize.kind NOT IN ('goods', 'voucher')
    OR standing.times <> 1
ORDER BY prize_paid.journal_id
LIMIT %(limit)s;
