-- The life of one transaction, and of one card: looked at by people, one at a time. Every statement
-- is a few steps of an index however much history there is. What is looked up for each of a few is
-- LATERAL with OFFSET 0: so it is, whatever statistics say, and never are all of a shard read.

-- name: slot_of_number
-- The exchange under one of these numbers: an RRN has no year, so the newest. What was posted is
-- found by the journal's key in each shard, all else by an index of what was not.
SELECT
    j.id,
    j.home,
    j.slot
FROM unnest(%(shards)s::smallint []) AS s (shard)
CROSS JOIN unnest(%(numbers)s::bigint []) AS k (id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        journal.id,
        journal.home,
        journal.slot
    FROM journal
    WHERE journal.shard = s.shard AND journal.id = k.id
    ORDER BY journal.id
    OFFSET 0
) AS j ON true
UNION ALL
SELECT
    e.id,
    e.home,
    e.slot
FROM exchange AS e
WHERE
    e.id = any(%(numbers)s::bigint [])
    AND (
        e.reason NOT IN ('approved', 'posting_pending') OR e.kind NOT IN (
            'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund',
            'opening', 'points_expiry', 'adjustment', 'card_activation', 'move_in',
            'combined_purchase', 'voucher_redemption', 'load_by_code', 'voucher_void',
            'load_by_phone', 'phone_load_void'
        )
    )
ORDER BY id DESC
LIMIT 1;

-- name: slots_of_trace
-- A trace number in the batches of a terminal: from the newest batch back, two steps of the index
-- for each, over every channel that it came by. A slot says its batch and its trace. A number does
-- not say which is newer: each writer counts in a block of its own.
WITH RECURSIVE batch AS (
    SELECT
        0 AS place,
        k.institution || '/' || %(terminal_id)s::text || '/' AS beginning,
        (
            SELECT split_part(e.slot, '/', 3)
            FROM exchange AS e
            WHERE
                e.home = %(home)s
                AND e.slot >= k.institution || '/' || %(terminal_id)s::text || '/'
                AND e.slot < k.institution || '/' || %(terminal_id)s::text || '0'
            ORDER BY e.slot DESC
            LIMIT 1
        ) AS epoch
    FROM unnest(%(institutions)s::text []) AS k (institution)
    UNION ALL
    SELECT
        batch.place + 1,
        batch.beginning,
        (
            SELECT split_part(e.slot, '/', 3)
            FROM exchange AS e
            WHERE
                e.home = %(home)s
                AND e.slot >= batch.beginning
                AND e.slot < batch.beginning || batch.epoch
            ORDER BY e.slot DESC
            LIMIT 1
        )
    FROM batch
    WHERE batch.epoch IS NOT NULL AND batch.place < %(batches_max)s
)

SELECT
    found.id,
    found.slot
FROM batch
INNER JOIN LATERAL (
    SELECT
        e.id,
        e.slot,
        e.decided_at
    FROM exchange AS e
    WHERE
        e.home = %(home)s
        AND e.slot >= batch.beginning || batch.epoch || '/' || %(stan)s::text || '/'
        AND e.slot < batch.beginning || batch.epoch || '/' || %(stan)s::text || '0'
    ORDER BY e.slot
    OFFSET 0
) AS found ON true
WHERE batch.epoch IS NOT NULL
ORDER BY found.decided_at DESC, batch.place ASC, found.id DESC;

-- name: exchanges_of_slot
-- What was asked under one trace of one batch: the message, its confirmation, its reversal.
SELECT
    e.slot,
    e.id,
    e.shard,
    e.seal,
    e.kind,
    e.reason,
    e.is_tombstone,
    e.answer,
    e.card_id,
    e.terminal_id,
    e.business_date,
    e.decided_at
FROM exchange AS e
WHERE e.home = %(home)s AND e.slot >= %(first)s AND e.slot < %(end)s
ORDER BY e.id;

-- name: journal
-- What it posted, for whom, and for which order.
SELECT
    j.amount_minor,
    j.unit,
    j.original_id,
    j.merchant_id,
    j.issuer_id,
    o.order_number,
    o.sub_order
FROM journal AS j
LEFT JOIN order_reference AS o ON j.shard = o.shard AND j.id = o.journal_id
WHERE j.shard = %(shard)s AND j.id = %(number)s;

-- name: legs
-- Which accounts it moved, each with whose it is. A purse is of the journal's shard.
SELECT
    e.amount_minor,
    e.unit,
    coalesce(
        debit.chart, CASE WHEN starts_with(e.unit, 'P:') THEN 'card_points' ELSE 'card_value' END
    ) AS debit,
    coalesce(dc.pan_masked, dm.merchant_id, di.institution_id, '') AS debit_of,
    coalesce(
        credit.chart, CASE WHEN starts_with(e.unit, 'P:') THEN 'card_points' ELSE 'card_value' END
    ) AS credit,
    coalesce(cc.pan_masked, cm.merchant_id, ci.institution_id, '') AS credit_of
FROM entry AS e
LEFT JOIN account AS debit ON e.debit_account = debit.id
LEFT JOIN LATERAL (
    SELECT card.pan_masked
    FROM purse
    INNER JOIN card ON purse.shard = card.shard AND purse.card_id = card.id
    WHERE purse.shard = e.shard AND purse.account_id = e.debit_account
    ORDER BY card.id
    OFFSET 0
) AS dc ON true
LEFT JOIN merchant AS dm ON debit.merchant_id = dm.id
LEFT JOIN issuer AS di ON debit.issuer_id = di.id
LEFT JOIN account AS credit ON e.credit_account = credit.id
LEFT JOIN LATERAL (
    SELECT card.pan_masked
    FROM purse
    INNER JOIN card ON purse.shard = card.shard AND purse.card_id = card.id
    WHERE purse.shard = e.shard AND purse.account_id = e.credit_account
    ORDER BY card.id
    OFFSET 0
) AS cc ON true
LEFT JOIN merchant AS cm ON credit.merchant_id = cm.id
LEFT JOIN issuer AS ci ON credit.issuer_id = ci.id
WHERE e.shard = %(shard)s AND e.journal_id = %(number)s
ORDER BY e.leg;

-- name: journals
-- What was posted under these numbers, and how terminals know it.
SELECT
    j.id,
    j.slot,
    j.kind,
    j.amount_minor,
    j.unit
FROM journal AS j
WHERE j.shard = %(shard)s AND j.id = any(%(numbers)s::bigint []);

-- name: hold_told
-- The hold that it opened, changed or ended, as it stands.
SELECT
    h.id,
    h.unit,
    h.amount_minor,
    h.held_minor,
    h.opened_at,
    h.expires_at,
    h.ended_by
FROM hold_fact AS f
INNER JOIN hold AS h ON f.shard = h.shard AND f.hold_id = h.id
WHERE f.shard = %(shard)s AND f.journal_id = %(number)s
ORDER BY f.turn
LIMIT 1;

-- name: hold_steps
-- All that became of a hold, one after the other.
SELECT
    f.journal_id,
    j.kind,
    f.fact,
    f.amount_minor
FROM hold_fact AS f
INNER JOIN journal AS j ON f.shard = j.shard AND f.journal_id = j.id
WHERE f.shard = %(shard)s AND f.hold_id = %(hold)s
ORDER BY f.turn;

-- name: lots
-- Points that it gave, with what is left of them, and what it took from lots or gave back.
SELECT
    l.points,
    l.remaining,
    l.expires_on,
    true AS is_new,
    l.available_from
FROM lot AS l
WHERE l.shard = %(shard)s AND l.id = %(number)s
UNION ALL
SELECT
    -u.points,
    l.remaining,
    l.expires_on,
    false,
    NULL
FROM lot_use AS u
INNER JOIN lot AS l ON u.shard = l.shard AND u.lot_id = l.id AND u.account_id = l.account_id
WHERE u.shard = %(shard)s AND u.journal_id = %(number)s
ORDER BY expires_on;

-- name: earned_told
-- By which rule of a programme it earned, where one decided.
SELECT
    e.unit,
    e.points,
    e.rule,
    e.since,
    r.name,
    r.times,
    r.per,
    r.bonus,
    r.points_max
FROM earned_by AS e
INNER JOIN earn_rule AS r
    ON e.unit = 'P:' || r.programme AND e.rule = r.code AND e.since = r.since
WHERE e.shard = %(shard)s AND e.journal_id = %(number)s
ORDER BY e.unit;

-- name: earn_counted_told
-- What it counted of caps on what a card earns by a rule in a time, or gave back.
SELECT
    c.unit,
    c.rule,
    c.period,
    c.period_from,
    c.points,
    c.had_points,
    c.asked_points,
    CASE c.period WHEN 'day' THEN r.points_max_day ELSE r.points_max_month END AS points_max
FROM earn_counted AS c
INNER JOIN earn_rule AS r
    ON c.unit = 'P:' || r.programme AND c.rule = r.code AND c.since = r.since
WHERE c.shard = %(shard)s AND c.journal_id = %(number)s
ORDER BY c.unit, c.period;

-- name: rate_told
-- The rate at which it converted points.
SELECT
    r.id,
    r.from_programme,
    r.to_programme,
    r.times,
    r.per,
    r.since
FROM conversion AS c
INNER JOIN rate AS r ON c.rate_id = r.id
WHERE c.shard = %(shard)s AND c.journal_id = %(number)s;

-- name: advice
-- What an external issuer decided, by its own words.
SELECT
    a.reference,
    a.auth_code,
    a.pan_masked
FROM advice AS a
WHERE a.shard = %(shard)s AND a.journal_id = any(%(numbers)s::bigint [])
ORDER BY a.journal_id DESC
LIMIT 1;

-- name: settled_batches
-- How its batch was settled, part after part where the batch is a date.
SELECT
    b.epoch,
    b.state,
    b.business_date,
    b.settled_at,
    b.closed_at,
    b.told = b.counted AS agrees,
    b.marks
FROM terminal_batch AS b
WHERE
    b.institution = %(institution)s
    AND b.terminal_id = %(terminal_id)s
    AND (b.epoch = %(epoch)s OR (b.epoch > %(epoch)s || '.' AND b.epoch < %(epoch)s || '/'))
ORDER BY b.settled_at;

-- name: seal
-- The link of the chain that covers it.
SELECT
    s.digest,
    s.items,
    s.sealed_at
FROM seal AS s
WHERE s.shard = %(shard)s AND s.seq = %(seq)s;

-- name: day
-- Its business date, and whether that was cleared.
SELECT
    d.state,
    d.closed_at,
    r.completed_at
FROM business_day AS d
LEFT JOIN clearing_run AS r ON d.business_date = r.business_date
WHERE d.business_date = %(business_date)s;

-- name: files
-- In which files of that date its parties find it.
SELECT
    f.name,
    f.side
FROM clearing_file AS f
WHERE
    f.business_date = %(business_date)s
    AND (
        (f.side = 'merchant' AND f.party = %(merchant)s)
        OR (f.side = 'issuer' AND f.party = %(issuer)s)
    )
ORDER BY f.side DESC;

-- name: place
-- A terminal, where it stands and whose it is; a journal knows its merchant itself.
SELECT
    t.terminal_id,
    s.name AS store,
    m.merchant_id,
    m.name AS merchant
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
INNER JOIN merchant AS m ON coalesce(%(merchant)s::integer, s.merchant_id) = m.id
WHERE t.terminal_id = %(terminal_id)s;

-- name: card_of
-- A card by the number that the ledger has for it.
SELECT
    c.id,
    c.shard,
    c.pan_masked,
    c.status,
    c.expiry,
    c.pin_value IS NOT NULL AS has_pin,
    c.pin_failures,
    i.pin_tries_max,
    i.id,
    i.institution_id,
    i.name
FROM card AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
WHERE c.id = %(card)s;

-- name: batch_of_card
-- Of which card batch it is, who answers for that, and where its part stands; a card that came with
-- an estate file is of none.
SELECT
    b.code,
    b.name,
    b.state,
    b.responsible,
    v.name AS vendor,
    b.made_by,
    p.number AS part,
    p.state AS part_state,
    p.opened_by,
    p.opened_at,
    c.sale,
    c.valid_from,
    c.valid_to
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
LEFT JOIN vendor AS v ON b.vendor_id = v.id
WHERE c.shard = %(shard)s AND c.id = %(card)s;

-- name: holds_of_card
-- What of it is kept for somebody, what is over first.
SELECT
    h.id,
    h.owner,
    h.held_minor,
    h.unit,
    m.name AS merchant,
    h.terminal_id,
    h.expires_at
FROM hold AS h
LEFT JOIN merchant AS m ON h.merchant_id = m.id
WHERE h.shard = %(shard)s AND h.card_id = %(card)s AND h.held_minor > 0
ORDER BY h.expires_at, h.id;

-- name: moves_of_card
-- What is to leave it, or to come onto it from another, and has not; or could not.
SELECT
    m.name,
    m.state,
    m.refused,
    m.asked_at,
    false AS comes,
    r.pan_masked AS other,
    r.id AS other_id
FROM move AS m
LEFT JOIN card AS r ON m.to_shard = r.shard AND m.to_card = r.id
WHERE m.shard = %(shard)s AND m.card_id = %(card)s AND m.state <> 'done'
UNION ALL
SELECT
    m.name,
    m.state,
    m.refused,
    m.asked_at,
    true AS comes,
    g.pan_masked AS other,
    g.id AS other_id
FROM move AS m
INNER JOIN card AS g ON m.shard = g.shard AND m.card_id = g.id
WHERE m.to_shard = %(shard)s AND m.to_card = %(card)s AND m.state = 'open';

-- name: issuer
-- Whose journal it is, where no card says it.
SELECT
    i.institution_id,
    i.name
FROM issuer AS i
WHERE i.id = %(issuer)s;

-- name: cases_of_traces
-- Cases about these traces of these batches; at a terminal there are few.
SELECT
    c.id,
    c.kind,
    c.terminal_id,
    c.epoch,
    c.stan,
    c.detail,
    c.amount_minor,
    c.unit,
    c.times,
    c.opened_at,
    c.seen_at,
    c.resolved_at,
    c.resolved_by,
    c.note
FROM unnest(%(tids)s::text [], %(epochs)s::text [], %(stans)s::text []) AS k (tid, epoch, stan)
INNER JOIN exception_case AS c
    ON k.tid = c.terminal_id AND k.epoch = c.epoch AND k.stan = c.stan
ORDER BY c.id;

-- A card. ---------------------------------------------------------------------------------

-- name: card_by_hash
-- By its number, which is under a key here as anywhere.
SELECT c.id FROM card AS c WHERE c.shard = %(shard)s AND c.pan_hash = %(pan_hash)s;

-- name: cards_by_last_four
-- By what people read out, and who issued it: a few of many.
SELECT
    c.id,
    c.pan_masked,
    c.status,
    i.name
FROM issuer AS i
INNER JOIN card AS c ON i.id = c.issuer_id
WHERE
    (i.institution_id = %(issuer)s OR lower(i.name) = lower(%(issuer)s))
    AND right(c.pan_masked, 4) = %(last_four)s
ORDER BY c.id
LIMIT %(limit)s;

-- name: issuer_names
-- Whom else may have been meant.
SELECT i.institution_id FROM issuer AS i ORDER BY i.id LIMIT 20;

-- name: purses
-- What the card has, in each unit, money first.
SELECT
    p.account_id,
    p.unit,
    p.posted_minor,
    p.held_minor,
    p.last_journal,
    p.pending_minor,
    p.spendable_minor
FROM purse_now AS p
WHERE p.shard = %(shard)s AND p.card_id = %(card)s
ORDER BY position(':' IN p.unit), p.unit;

-- name: expiring
-- The first days on which unspent points of it expire; a day is one entry of the index.
WITH unspent AS (
    SELECT
        l.account_id,
        l.expires_on,
        l.remaining
    FROM lot AS l
    WHERE
        l.shard = %(shard)s
        AND l.account_id = %(account)s
        AND l.remaining <> 0
        AND l.expires_on < '9999-12-31'
    ORDER BY l.expires_on
    LIMIT %(limit)s
)

SELECT
    expires_on,
    sum(remaining)::bigint AS points,
    count(*) AS lots
FROM unspent
GROUP BY expires_on
ORDER BY expires_on;

-- name: trail
-- Journals that moved a card's purses, from this one back, each by the one after it.
WITH RECURSIVE trail AS (
    SELECT
        1 AS place,
        j.id,
        j.previous_id
    FROM journal AS j
    WHERE j.shard = %(shard)s AND j.id = %(number)s
    UNION ALL
    SELECT
        trail.place + 1,
        j.id,
        j.previous_id
    FROM trail
    INNER JOIN LATERAL (
        SELECT
            journal.id,
            journal.previous_id
        FROM journal
        WHERE journal.shard = %(shard)s AND journal.id = trail.previous_id
        ORDER BY journal.id
        OFFSET 0
    ) AS j ON true
    WHERE trail.previous_id > 0 AND trail.place < %(limit)s
)

SELECT
    id,
    previous_id
FROM trail
ORDER BY place;

-- name: before_trails
-- Journals of a card that were written before trails, from a number back.
SELECT
    j.id,
    j.previous_id
FROM journal AS j
WHERE
    j.shard = %(shard)s
    AND j.card_id = %(card)s
    AND j.id < %(before)s
    AND j.previous_id IS NULL
ORDER BY j.id DESC
LIMIT %(limit)s;

-- name: unposted
-- What was asked of a card and posted nothing, from a number back.
SELECT e.id
FROM exchange AS e
LEFT JOIN journal AS j ON e.shard = j.shard AND e.id = j.id
WHERE
    e.card_id = %(card)s
    AND e.id < %(before)s
    AND j.id IS NULL
    AND (
        e.reason NOT IN ('approved', 'posting_pending') OR e.kind NOT IN (
            'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund',
            'opening', 'points_expiry', 'adjustment', 'card_activation', 'move_in',
            'combined_purchase', 'voucher_redemption', 'load_by_code', 'voucher_void',
            'load_by_phone', 'phone_load_void'
        )
    )
ORDER BY e.id DESC
LIMIT %(limit)s;

-- name: posted_exchanges
-- What was asked, and what of it was posted.
SELECT
    e.slot,
    e.id,
    e.shard,
    e.kind,
    e.reason,
    e.is_tombstone,
    e.answer,
    e.terminal_id,
    e.business_date,
    e.decided_at,
    j.amount_minor,
    j.unit,
    j.original_id
FROM unnest(%(numbers)s::bigint []) AS k (id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        journal.home,
        journal.slot,
        journal.amount_minor,
        journal.unit,
        journal.original_id
    FROM journal
    WHERE journal.shard = %(shard)s AND journal.id = k.id
    ORDER BY journal.id
    OFFSET 0
) AS j ON true
INNER JOIN LATERAL (
    SELECT
        exchange.slot,
        exchange.id,
        exchange.shard,
        exchange.kind,
        exchange.reason,
        exchange.is_tombstone,
        exchange.answer,
        exchange.terminal_id,
        exchange.business_date,
        exchange.decided_at
    FROM exchange
    WHERE exchange.home = j.home AND exchange.slot = j.slot
    ORDER BY exchange.slot
    OFFSET 0
) AS e ON true;

-- name: unposted_exchanges
-- The same of what posted nothing.
SELECT
    e.slot,
    e.id,
    e.shard,
    e.kind,
    e.reason,
    e.is_tombstone,
    e.answer,
    e.terminal_id,
    e.business_date,
    e.decided_at,
    NULL::bigint AS amount_minor,
    NULL::text AS unit,
    NULL::bigint AS original_id
FROM exchange AS e
WHERE
    e.card_id = %(card)s
    AND e.id = any(%(numbers)s::bigint [])
    AND (
        e.reason NOT IN ('approved', 'posting_pending') OR e.kind NOT IN (
            'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund',
            'opening', 'points_expiry', 'adjustment', 'card_activation', 'move_in',
            'combined_purchase', 'voucher_redemption', 'load_by_code', 'voucher_void',
            'load_by_phone', 'phone_load_void'
        )
    );

-- name: moment
-- When an exchange was decided.
SELECT
    e.kind,
    e.decided_at
FROM exchange AS e
WHERE e.home = %(home)s AND e.slot = %(slot)s;

-- name: journal_of_card
-- A journal of the card, and the one before it.
SELECT j.previous_id
FROM journal AS j
WHERE j.shard = %(shard)s AND j.id = %(number)s AND j.card_id = %(card)s;

-- name: last_cleared
-- The last date before one that is cleared.
SELECT max(r.business_date)
FROM clearing_run AS r
WHERE r.business_date < %(business_date)s AND r.completed_at IS NOT NULL;

-- name: changes
-- What these journals changed on these accounts.
SELECT
    e.journal_id,
    a.id,
    sum(CASE WHEN e.credit_account = a.id THEN e.amount_minor ELSE -e.amount_minor END)::bigint
        AS change_minor
FROM unnest(%(numbers)s::bigint []) AS k (id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        entry.journal_id,
        entry.debit_account,
        entry.credit_account,
        entry.amount_minor
    FROM entry
    WHERE entry.shard = %(shard)s AND entry.journal_id = k.id
    ORDER BY entry.journal_id
    OFFSET 0
) AS e ON true
INNER JOIN unnest(%(accounts)s::bigint []) AS a (id)
    ON e.debit_account = a.id OR e.credit_account = a.id
GROUP BY e.journal_id, a.id;

-- name: ends_of_day
-- What these accounts had at the end of a cleared date: their newest checkpoint until then.
WITH wanted AS (
    SELECT unnest(%(accounts)s::bigint []) AS id
)

SELECT
    wanted.id,
    last.balance_minor
FROM wanted
INNER JOIN LATERAL (
    SELECT c.balance_minor
    FROM checkpoint AS c
    WHERE c.account_id = wanted.id AND c.business_date <= %(business_date)s
    ORDER BY c.business_date DESC
    LIMIT 1
) AS last ON true;

-- name: rules_told
-- Which rules of the house denied or counted an exchange, each as that version says it.
SELECT
    t.outcome,
    t.had_times,
    t.had_minor,
    t.asked_minor,
    r.*
FROM rule_told AS t
INNER JOIN rule_version AS r ON t.rule_id = r.id AND t.rule_version = r.version
WHERE t.shard = %(shard)s AND t.exchange_id = %(number)s
ORDER BY t.rule_id;
