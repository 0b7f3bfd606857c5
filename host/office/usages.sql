-- What was paid: found by order, along a card's trail, or at a terminal on a date. Every statement
-- is a few steps of an index for each row of a page. What is looked up for each of a few is LATERAL
-- with OFFSET 0: so it is, whatever statistics say.

-- name: journals_of_order
-- What was posted for an order, from a moment back.
SELECT
    o.shard,
    o.journal_id,
    concat(o.decided_at AT TIME ZONE 'UTC', '+00') AS decided_at
FROM order_reference AS o
WHERE
    o.order_number = %(order)s
    AND (o.decided_at, o.journal_id) < (%(before)s::timestamptz, %(number)s)
ORDER BY o.decided_at DESC, o.journal_id DESC
LIMIT %(limit)s;

-- name: cards_of_batch
-- From one on, and how each stands; none where the batch is not of who asks.
SELECT
    found.id,
    found.status
FROM card_batch AS b
INNER JOIN card_batch_part AS p ON b.id = p.batch_id
INNER JOIN LATERAL (
    SELECT
        card.id,
        card.status
    FROM card
    WHERE
        card.id >= greatest(p.id::bigint << 32, %(first)s)
        AND card.id < (p.id::bigint + 1) << 32
    ORDER BY card.id
    LIMIT %(limit)s
) AS found ON true
WHERE
    b.code = %(batch)s
    AND b.issuer_id = coalesce(%(own_issuer)s::smallint, b.issuer_id)
    AND p.id >= (%(first)s::bigint >> 32)
ORDER BY found.id
LIMIT %(limit)s;

-- name: terminals_of_store
-- From one on; none where the store is not of who asks.
SELECT t.terminal_id
FROM store AS s
INNER JOIN terminal AS t ON s.id = t.store_id
WHERE
    s.id = %(store)s
    AND s.id = coalesce(%(own_store)s::integer, s.id)
    AND s.merchant_id = coalesce(%(own_merchant)s::integer, s.merchant_id)
    AND t.terminal_id >= %(first)s
ORDER BY t.terminal_id
LIMIT %(limit)s;

-- name: terminals_of_merchant
-- From one on, of all its stores; none where the merchant is not who asks.
SELECT t.terminal_id
FROM merchant AS m
INNER JOIN store AS s ON m.id = s.merchant_id
INNER JOIN terminal AS t ON s.id = t.store_id
WHERE
    m.merchant_id = %(merchant)s
    AND m.id = coalesce(%(own_merchant)s::integer, m.id)
    AND s.id = coalesce(%(own_store)s::integer, s.id)
    AND t.terminal_id >= %(first)s
ORDER BY t.terminal_id
LIMIT %(limit)s;

-- name: terminals_of_own
-- From one on, of the merchant or store that asks.
SELECT t.terminal_id
FROM store AS s
INNER JOIN terminal AS t ON s.id = t.store_id
WHERE
    (s.merchant_id = %(own_merchant)s OR s.id = %(own_store)s)
    AND t.terminal_id >= %(first)s
ORDER BY t.terminal_id
LIMIT %(limit)s;

-- name: paid_at
-- What was paid at these terminals on a business date, terminal by terminal, the newest first in
-- each. The channels by which exchanges of a home came are found by one step of the index for each.
-- Batches of a terminal come one after the other, so they are walked back from the newest, one
-- probe of a key each, and those around the date are read.
WITH RECURSIVE terminal AS (
    SELECT
        asked.home,
        asked.terminal_id
    FROM unnest(%(homes)s::smallint [], %(terminals)s::text []) AS asked (home, terminal_id)
),

channel AS (
    SELECT
        homes.home,
        first.name
    FROM (SELECT DISTINCT terminal.home FROM terminal) AS homes
    INNER JOIN LATERAL (
        SELECT split_part(e.slot, '/', 1) AS name
        FROM exchange AS e
        WHERE e.home = homes.home
        ORDER BY e.slot
        LIMIT 1
    ) AS first ON true
    UNION ALL
    SELECT
        channel.home,
        next.name
    FROM channel
    INNER JOIN LATERAL (
        SELECT split_part(e.slot, '/', 1) AS name
        FROM exchange AS e
        WHERE e.home = channel.home AND e.slot > channel.name || '0'
        ORDER BY e.slot
        LIMIT 1
    ) AS next ON true
),

batch AS (
    SELECT
        0 AS place,
        terminal.home,
        terminal.terminal_id,
        channel.name || '/' || terminal.terminal_id || '/' AS beginning,
        last.epoch,
        last.business_date
    FROM terminal
    INNER JOIN channel ON terminal.home = channel.home
    INNER JOIN LATERAL (  -- noqa: ST05
        SELECT
            split_part(e.slot, '/', 3) AS epoch,
            e.business_date
        FROM exchange AS e
        WHERE
            e.home = terminal.home
            AND e.slot >= channel.name || '/' || terminal.terminal_id || '/'
            AND e.slot < channel.name || '/' || terminal.terminal_id || '0'
        ORDER BY e.slot DESC
        LIMIT 1
    ) AS last ON true
    UNION ALL
    SELECT
        batch.place + 1,
        batch.home,
        batch.terminal_id,
        batch.beginning,
        last.epoch,
        last.business_date
    FROM batch
    INNER JOIN LATERAL (
        SELECT
            split_part(e.slot, '/', 3) AS epoch,
            e.business_date
        FROM exchange AS e
        WHERE
            e.home = batch.home
            AND e.slot >= batch.beginning
            AND e.slot < batch.beginning || batch.epoch
        ORDER BY e.slot DESC
        LIMIT 1
    ) AS last ON true
    WHERE
        batch.business_date >= %(date)s::date - %(days)s::integer
        AND batch.place < %(batches_max)s
),

around AS (
    SELECT
        batch.home,
        batch.terminal_id,
        batch.beginning,
        batch.epoch,
        lead(batch.business_date)
            OVER (PARTITION BY batch.beginning ORDER BY batch.place) AS before_it
    FROM batch
)

SELECT
    around.terminal_id,
    found.shard,
    found.id,
    found.kind,
    found.decided_at
FROM around
INNER JOIN LATERAL (
    SELECT
        e.shard,
        e.id,
        e.kind,
        e.decided_at
    FROM exchange AS e
    WHERE
        e.home = around.home
        AND e.slot >= around.beginning || around.epoch || '/'
        AND e.slot < around.beginning || around.epoch || '0'
        AND e.business_date = %(date)s
        AND e.kind = any(%(kinds)s::text [])
        AND e.reason IN ('approved', 'partly_approved')
        AND NOT e.is_tombstone
    ORDER BY e.slot
    OFFSET 0
) AS found ON true
WHERE around.before_it IS NULL OR around.before_it <= %(date)s::date + %(days)s::integer
ORDER BY around.terminal_id ASC, found.decided_at DESC, found.id DESC;

-- name: used
-- These journals as what was paid by them, and whose they are. A terminal that has moved to
-- another merchant since stood in no store of that one's.
SELECT
    j.shard,
    j.id,
    e.kind,
    j.slot,
    j.card_id,
    c.pan_masked,
    m.merchant_id AS merchant,
    s.id AS store,
    j.terminal_id,
    e.decided_at,
    e.business_date,
    e.answer,
    o.order_number,
    o.sub_order,
    moved.money_minor,
    moved.points,
    b.code AS batch,
    i.institution_id AS issuer,
    j.issuer_id AS of_issuer,
    j.merchant_id AS of_merchant
FROM unnest(%(shards)s::smallint [], %(numbers)s::bigint []) AS k (shard, id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        journal.shard,
        journal.id,
        journal.home,
        journal.slot,
        journal.card_id,
        journal.issuer_id,
        journal.merchant_id,
        journal.terminal_id
    FROM journal
    WHERE journal.shard = k.shard AND journal.id = k.id
    ORDER BY journal.id
    OFFSET 0
) AS j ON true
INNER JOIN LATERAL (
    SELECT
        exchange.kind,
        exchange.decided_at,
        exchange.business_date,
        exchange.answer
    FROM exchange
    WHERE exchange.home = j.home AND exchange.slot = j.slot
    ORDER BY exchange.slot
    OFFSET 0
) AS e ON true
LEFT JOIN LATERAL (
    SELECT
        card.pan_masked,
        card.part_id
    FROM card
    WHERE card.shard = j.shard AND card.id = j.card_id
    ORDER BY card.id
    OFFSET 0
) AS c ON true
LEFT JOIN card_batch_part AS q ON c.part_id = q.id
LEFT JOIN card_batch AS b ON q.batch_id = b.id
INNER JOIN issuer AS i ON j.issuer_id = i.id
LEFT JOIN merchant AS m ON j.merchant_id = m.id
LEFT JOIN terminal AS t ON j.terminal_id = t.terminal_id
LEFT JOIN store AS s ON t.store_id = s.id AND j.merchant_id = s.merchant_id
LEFT JOIN order_reference AS o ON j.shard = o.shard AND j.id = o.journal_id
LEFT JOIN LATERAL (
    SELECT
        sum(CASE
            WHEN entry.credit_account = p.account_id THEN entry.amount_minor
            ELSE -entry.amount_minor
        END)
        FILTER (WHERE position(':' IN p.unit) = 0)::bigint AS money_minor,
        sum(CASE
            WHEN entry.credit_account = p.account_id THEN entry.amount_minor
            ELSE -entry.amount_minor
        END)
        FILTER (WHERE starts_with(p.unit, 'P:'))::bigint AS points
    FROM purse AS p
    INNER JOIN entry
        ON
            p.shard = entry.shard
            AND p.account_id IN (entry.debit_account, entry.credit_account)
    WHERE
        p.shard = j.shard
        AND p.card_id = j.card_id
        AND entry.shard = j.shard
        AND entry.journal_id = j.id
) AS moved ON true;

-- name: since
-- Of cards that were another's before: since when they are the member's.
SELECT
    id,
    member_since
FROM card WHERE id = any(%(cards)s) AND member_since IS NOT NULL;

-- name: where_moved
-- At whose counter these journals were posted.
SELECT
    j.shard,
    j.id,
    m.name AS at_merchant,
    s.name AS at_store
FROM unnest(%(shards)s::smallint [], %(numbers)s::bigint []) AS k (shard, id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        journal.shard,
        journal.id,
        journal.merchant_id,
        journal.terminal_id
    FROM journal
    WHERE journal.shard = k.shard AND journal.id = k.id
    ORDER BY journal.id
    OFFSET 0
) AS j ON true
LEFT JOIN merchant AS m ON j.merchant_id = m.id
LEFT JOIN terminal AS t ON j.terminal_id = t.terminal_id
LEFT JOIN store AS s ON t.store_id = s.id AND j.merchant_id = s.merchant_id;

-- name: masked
-- Cards as their numbers are shown.
SELECT
    id,
    pan_masked
FROM card WHERE id = any(%(cards)s);
