-- The audit's questions about value on its way, from card to card or as a gift, and about what else
-- says beside its journal why it was posted. As in audit.sql, each statement gives the rows that
-- break its rule.

-- name: adjustment_not_its_journal
-- Each adjustment says why, and nothing else does.
SELECT
    coalesce(journal.shard, adjustment.shard) AS shard,
    coalesce(journal.id, adjustment.journal_id) AS id,
    coalesce(journal.kind, 'no journal') AS kind
FROM journal
FULL JOIN adjustment ON adjustment.shard = journal.shard AND adjustment.journal_id = journal.id
WHERE
    (coalesce(journal.kind, '') IN ('adjustment', 'points_adjustment'))
    <> (adjustment.journal_id IS NOT NULL)
ORDER BY coalesce(journal.id, adjustment.journal_id)
LIMIT %(limit)s;

-- name: transit_not_its_journal
-- Each posting that sent value on its way says whither, and no other does.
SELECT
    coalesce(journal.shard, transit.shard) AS shard,
    coalesce(journal.id, transit.journal_id) AS id,
    coalesce(journal.kind, 'no journal') AS kind
FROM journal
FULL JOIN transit ON transit.shard = journal.shard AND transit.journal_id = journal.id
WHERE
    (coalesce(journal.kind, '') IN ('move_out', 'merge_out', 'gather_out'))
    <> (transit.journal_id IS NOT NULL)
ORDER BY coalesce(journal.id, transit.journal_id)
LIMIT %(limit)s;

-- name: arrival_not_its_departure
-- What came from another card is what had left that, on the card that it was for, with its last day
-- or that of its coming, owed or had as it was; its key is made of the first's. What is noted as
-- come has come. Of a merge it may have come back onto its own card.
WITH sent AS (
    SELECT
        journal.id,
        journal.shard,
        journal.card_id,
        journal.kind,
        journal.issuer_id,
        journal.amount_minor,
        journal.unit,
        left(journal.slot, -2) AS slot,
        transit.to_shard,
        transit.to_card,
        transit.expires_on,
        transit.available_from,
        transit.is_open,
        transit.is_debt
    FROM transit
    INNER JOIN journal ON journal.shard = transit.shard AND journal.id = transit.journal_id
),

came AS (
    SELECT
        journal.id,
        journal.shard,
        journal.card_id,
        journal.issuer_id,
        journal.amount_minor,
        journal.unit,
        journal.business_date,
        regexp_replace(journal.slot, '[.](in|back)/f$', '') AS slot,
        journal.slot LIKE '%%.back/f' AS is_back,
        lot.expires_on,
        lot.available_from,
        coalesce(lot.points < 0, false) AS is_debt
    FROM journal
    LEFT JOIN lot ON lot.shard = journal.shard AND lot.id = journal.id
    WHERE journal.kind IN ('move_in', 'merge_in')
)

SELECT
    slot,
    coalesce(sent.unit, came.unit) AS unit,
    coalesce(sent.amount_minor, 0) AS sent_minor,
    coalesce(came.amount_minor, 0) AS came_minor
FROM sent
FULL JOIN came USING (slot)
WHERE
    (came.id IS NULL AND NOT sent.is_open)
    OR (
        came.id IS NOT NULL
        AND (
            sent.id IS NULL
            OR came.is_debt <> sent.is_debt
            OR (came.shard, came.card_id, came.issuer_id, came.amount_minor, came.unit)
            IS DISTINCT FROM
            (
                CASE WHEN came.is_back THEN sent.shard ELSE sent.to_shard END,
                CASE WHEN came.is_back THEN sent.card_id ELSE sent.to_card END,
                sent.issuer_id,
                sent.amount_minor,
                sent.unit
            )
            OR (came.is_back AND sent.kind <> 'merge_out')
            OR came.expires_on IS DISTINCT FROM greatest(
                sent.expires_on,
                CASE WHEN sent.expires_on IS NOT NULL THEN came.business_date END
            )
            OR came.available_from IS DISTINCT FROM
            CASE WHEN sent.available_from > came.business_date THEN sent.available_from END
        )
    )
ORDER BY slot
LIMIT %(limit)s;

-- name: gift_not_its_journal
-- Each posting that took a gift off its card has the gift beside it, of that card; no other has.
SELECT
    coalesce(journal.shard, gift.shard) AS shard,
    coalesce(journal.id, gift.journal_id) AS id,
    coalesce(journal.kind, 'no journal') AS kind
FROM journal
FULL JOIN gift ON gift.shard = journal.shard AND gift.journal_id = journal.id
WHERE
    (coalesce(journal.kind, '') = 'gift_send') <> (gift.journal_id IS NOT NULL)
    OR (gift.card_id, gift.issuer_id) <> (journal.card_id, journal.issuer_id)
ORDER BY coalesce(journal.id, gift.journal_id)
LIMIT %(limit)s;

-- name: gift_not_its_end
-- What came onto a card as a gift, or came back, is all of one gift that says so; and a gift that
-- has ended came onto the card that it says.
WITH sent AS (
    SELECT
        gift.*,
        journal.amount_minor,
        journal.unit
    FROM gift
    INNER JOIN journal ON journal.shard = gift.shard AND journal.id = gift.journal_id
    WHERE gift.state <> 'reserved'
),

came AS (
    SELECT journal.*
    FROM journal
    WHERE journal.kind IN ('gift_claim', 'gift_return')
)

SELECT
    coalesce(sent.journal_id, 0) AS gift,
    coalesce(came.id, 0) AS id,
    coalesce(sent.amount_minor, 0) AS sent_minor,
    coalesce(came.amount_minor, 0) AS came_minor,
    coalesce(sent.unit, came.unit) AS unit
FROM sent
FULL JOIN came ON came.shard = sent.to_shard AND came.id = sent.ended_id
WHERE
    sent.journal_id IS NULL
    OR came.id IS NULL
    OR came.kind <> CASE sent.state WHEN 'claimed' THEN 'gift_claim' ELSE 'gift_return' END
    OR (came.card_id, came.issuer_id, came.amount_minor, came.unit)
    <> (sent.to_card, sent.issuer_id, sent.amount_minor, sent.unit)
ORDER BY coalesce(came.id, sent.journal_id)
LIMIT %(limit)s;

-- name: in_transit_not_on_its_way
-- Unit by unit, what is in transit is what has left a card, less debts that have, and has not come
-- to the other; and gifts that nobody has claimed and that have not come back.
WITH kept AS (
    SELECT
        account.unit,
        sum(moved_account.amount_minor) AS amount_minor
    FROM moved_account
    INNER JOIN account ON account.id = moved_account.account_id
    WHERE account.chart = 'in_transit'
    GROUP BY account.unit
),

came AS (
    SELECT regexp_replace(journal.slot, '[.](in|back)/f$', '') AS slot
    FROM journal
    WHERE journal.kind IN ('move_in', 'merge_in')
),

moving AS (
    SELECT
        journal.unit,
        CASE WHEN transit.is_debt THEN -journal.amount_minor ELSE journal.amount_minor END
            AS amount_minor
    FROM transit
    INNER JOIN journal ON journal.shard = transit.shard AND journal.id = transit.journal_id
    LEFT JOIN came ON came.slot = left(journal.slot, -2)
    WHERE came.slot IS NULL
    UNION ALL
    SELECT
        journal.unit,
        journal.amount_minor
    FROM gift
    INNER JOIN journal ON journal.shard = gift.shard AND journal.id = gift.journal_id
    WHERE gift.state = 'reserved'
),

sent AS (
    SELECT
        moving.unit,
        sum(moving.amount_minor) AS amount_minor
    FROM moving
    GROUP BY moving.unit
)

SELECT
    unit,
    coalesce(kept.amount_minor, 0) AS kept_minor,
    coalesce(sent.amount_minor, 0) AS sent_minor
FROM kept
FULL JOIN sent USING (unit)
WHERE coalesce(kept.amount_minor, 0) <> coalesce(sent.amount_minor, 0)
ORDER BY unit
LIMIT %(limit)s;

-- name: on_its_way_without_a_move
-- What has left a card and has not come to the other is what an open move of that card is at.
WITH came AS (
    SELECT regexp_replace(journal.slot, '[.](in|back)/f$', '') AS slot
    FROM journal
    WHERE journal.kind IN ('move_in', 'merge_in')
)

SELECT
    journal.shard,
    journal.id,
    journal.card_id,
    journal.amount_minor,
    journal.unit
FROM transit
INNER JOIN journal ON journal.shard = transit.shard AND journal.id = transit.journal_id
LEFT JOIN came ON came.slot = left(journal.slot, -2)
LEFT JOIN move
    ON
        move.shard = journal.shard
        AND move.card_id = journal.card_id
        AND move.state = 'open'
        AND left(journal.slot, -2) = concat(
            move.origin, '/', move.made_by, '/move.', move.card_id, '/', move.name, '-', move.step
        )
WHERE came.slot IS NULL AND move.card_id IS NULL
ORDER BY journal.id
LIMIT %(limit)s;

-- name: ended_card_with_value
-- Of a card whose value was moved, or written back, nothing of its money is left but what is held;
-- nor does one that was replaced owe any points.
SELECT
    move.card_id,
    move.name,
    purse.unit,
    purse.posted_minor
FROM move
INNER JOIN purse ON purse.shard = move.shard AND purse.card_id = move.card_id
WHERE
    move.state = 'done'
    AND move.name NOT IN ('merge', 'breakage', 'gather', 'gather_points')
    AND CASE
        WHEN starts_with(purse.unit, %(points)s)
            THEN move.name = 'replacement' AND purse.posted_minor < 0
        ELSE purse.posted_minor > purse.held_minor
    END
ORDER BY move.card_id
LIMIT %(limit)s;

-- name: cash_not_its_journal
-- What the ledger says was taken in cash, or handed in, a load says, too, of the same card, issuer
-- and merchant and of as much; and what loads say was taken or handed in the ledger says.
WITH told AS (
    SELECT
        cash_load.*,
        issuer.currency AS unit,
        'cash_taken' AS kind,
        cash_load.journal_id AS number
    FROM cash_load
    INNER JOIN issuer ON issuer.id = cash_load.issuer_id
    WHERE cash_load.journal_id IS NOT NULL
    UNION ALL
    SELECT
        cash_load.*,
        issuer.currency AS unit,
        'cash_handed_in' AS kind,
        cash_load.handed_id AS number
    FROM cash_load
    INNER JOIN issuer ON issuer.id = cash_load.issuer_id
    WHERE cash_load.handed_id IS NOT NULL
),

moved AS (
    SELECT * FROM journal
    WHERE kind IN ('cash_taken', 'cash_handed_in')
)

SELECT
    coalesce(moved.shard, told.shard) AS shard,
    coalesce(moved.id, told.number) AS id,
    coalesce(moved.kind, told.kind) AS kind,
    coalesce(moved.unit, told.unit) AS unit,
    coalesce(moved.amount_minor, 0) AS moved_minor,
    coalesce(told.amount_minor, 0) AS told_minor
FROM moved
FULL JOIN told ON told.shard = moved.shard AND told.number = moved.id AND told.kind = moved.kind
WHERE
    moved.id IS NULL
    OR told.id IS NULL
    OR (moved.card_id, moved.issuer_id, moved.unit, moved.amount_minor)
    <> (told.card_id, told.issuer_id, told.unit, told.amount_minor)
    OR (moved.kind = 'cash_taken' AND moved.merchant_id IS DISTINCT FROM told.merchant_id)
ORDER BY coalesce(moved.id, told.number)
LIMIT %(limit)s;

-- name: payment_not_its_journal
-- What the ledger says was paid over a port a payment says, too, of the same card and issuer and of
-- as much, once; and what payments say was loaded the ledger says.
WITH told AS (
    SELECT
        port_payment.*,
        issuer.currency AS unit
    FROM port_payment
    INNER JOIN issuer ON issuer.id = port_payment.issuer_id
    WHERE port_payment.journal_id IS NOT NULL
),

moved AS (
    SELECT * FROM journal
    WHERE kind = 'port_load'
)

SELECT
    coalesce(moved.shard, told.shard) AS shard,
    coalesce(moved.id, told.journal_id) AS id,
    coalesce(moved.unit, told.unit) AS unit,
    coalesce(moved.amount_minor, 0) AS moved_minor,
    coalesce(told.amount_minor, 0) AS told_minor
FROM moved
FULL JOIN told ON told.shard = moved.shard AND told.journal_id = moved.id
WHERE
    moved.id IS NULL
    OR told.id IS NULL
    OR (moved.card_id, moved.issuer_id, moved.unit, moved.amount_minor)
    <> (told.card_id, told.issuer_id, told.unit, told.amount_minor)
ORDER BY coalesce(moved.id, told.journal_id)
LIMIT %(limit)s;

-- name: port_not_owed
-- Issuer by issuer, what ports owe is what was paid over them and loaded.
WITH kept AS (
    SELECT
        account.issuer_id,
        account.unit,
        -sum(moved_account.amount_minor) AS amount_minor
    FROM moved_account
    INNER JOIN account ON account.id = moved_account.account_id
    WHERE account.chart = 'port_receivable'
    GROUP BY account.issuer_id, account.unit
),

owed AS (
    SELECT
        port_payment.issuer_id,
        issuer.currency AS unit,
        sum(port_payment.amount_minor) AS amount_minor
    FROM port_payment
    INNER JOIN issuer ON issuer.id = port_payment.issuer_id
    WHERE port_payment.state = 'loaded'
    GROUP BY port_payment.issuer_id, issuer.currency
)

SELECT
    'issuer ' || issuer_id AS whose,
    unit,
    coalesce(kept.amount_minor, 0) AS kept_minor,
    coalesce(owed.amount_minor, 0) AS owed_minor
FROM kept
FULL JOIN owed USING (issuer_id, unit)
WHERE coalesce(kept.amount_minor, 0) <> coalesce(owed.amount_minor, 0)
ORDER BY whose
LIMIT %(limit)s;

-- name: cash_not_handed_in
-- Issuer by issuer, cash that is with people is what they took and have not handed in; and what was
-- handed in together is what was counted.
WITH kept AS (
    SELECT
        account.issuer_id,
        account.unit,
        -sum(moved_account.amount_minor) AS amount_minor
    FROM moved_account
    INNER JOIN account ON account.id = moved_account.account_id
    WHERE account.chart = 'cash_in_hand'
    GROUP BY account.issuer_id, account.unit
),

owed AS (
    SELECT
        cash_load.issuer_id,
        issuer.currency AS unit,
        sum(cash_load.amount_minor) AS amount_minor
    FROM cash_load
    INNER JOIN issuer ON issuer.id = cash_load.issuer_id
    WHERE cash_load.state = 'taken'
    GROUP BY cash_load.issuer_id, issuer.currency
),

counted AS (
    SELECT
        cash_hand_in.id,
        min(issuer.currency) AS unit,
        cash_hand_in.amount_minor,
        coalesce(sum(cash_load.amount_minor), 0) AS loads_minor
    FROM cash_hand_in
    LEFT JOIN cash_load
        ON cash_load.hand_in_id = cash_hand_in.id AND cash_load.taken_by = cash_hand_in.taken_by
    LEFT JOIN issuer ON issuer.id = cash_load.issuer_id
    GROUP BY cash_hand_in.id, cash_hand_in.amount_minor
)

SELECT
    'issuer ' || issuer_id AS whose,
    unit,
    coalesce(kept.amount_minor, 0) AS kept_minor,
    coalesce(owed.amount_minor, 0) AS owed_minor
FROM kept
FULL JOIN owed USING (issuer_id, unit)
WHERE coalesce(kept.amount_minor, 0) <> coalesce(owed.amount_minor, 0)
UNION ALL
SELECT
    'what was handed in as ' || counted.id,
    counted.unit,
    counted.amount_minor,
    counted.loads_minor
FROM counted
WHERE counted.amount_minor <> counted.loads_minor
ORDER BY whose
LIMIT %(limit)s;

-- name: breakage_not_its_card
-- What was left on an expired card and became its issuer's is said of its product and its month,
-- by a move of the card, and stands in its issuer's account; nothing else is said to have.
WITH said AS (
    SELECT
        journal.shard,
        journal.id,
        journal.slot,
        journal.card_id,
        journal.issuer_id,
        journal.amount_minor,
        journal.unit
    FROM journal
    WHERE journal.kind = 'breakage'
)

SELECT
    coalesce(said.id, breakage.journal_id) AS id,
    coalesce(said.shard, breakage.shard) AS shard,
    said.unit,
    coalesce(said.amount_minor, 0) AS taken_minor,
    coalesce(breakage.amount_minor, 0) AS told_minor
FROM said
FULL JOIN breakage ON breakage.shard = said.shard AND breakage.journal_id = said.id
LEFT JOIN card ON card.shard = said.shard AND card.id = said.card_id
LEFT JOIN card_batch_part AS part ON part.id = card.part_id
LEFT JOIN card_batch AS batch ON batch.id = part.batch_id
LEFT JOIN move
    ON move.shard = said.shard AND move.card_id = said.card_id AND move.name = 'breakage'
WHERE
    said.id IS NULL
    OR breakage.journal_id IS NULL
    OR move.card_id IS NULL
    OR card.breakage_on IS NULL
    OR card.status <> 'expired'
    OR breakage.amount_minor <> said.amount_minor
    OR (breakage.product_id, breakage.month)
    IS DISTINCT FROM (batch.product_id, date_trunc('month', card.valid_to::timestamp)::date)
ORDER BY coalesce(said.id, breakage.journal_id)
LIMIT %(limit)s;

-- name: fee_not_its_move
-- What was taken for a replacement is what was asked with it, of its card; and where the move is
-- done it was taken, or refused.
WITH asked AS (
    SELECT
        move.shard,
        move.card_id,
        move.state,
        move.fee_minor,
        issuer.currency,
        concat(
            move.origin, '/', move.made_by, '/move.', move.card_id, '/', move.name, '-fee/f'
        ) AS slot
    FROM move
    INNER JOIN issuer ON issuer.id = move.issuer_id
    WHERE move.fee_minor > 0
),

took AS (
    SELECT * FROM journal
    WHERE kind = 'card_fee'
)

SELECT
    slot,
    coalesce(asked.currency, took.unit) AS unit,
    coalesce(asked.fee_minor, 0) AS asked_minor,
    coalesce(took.amount_minor, 0) AS took_minor
FROM asked
FULL JOIN took USING (slot)
LEFT JOIN exchange USING (slot)
WHERE
    (took.id IS NULL AND asked.state = 'done' AND exchange.slot IS NULL)
    OR (
        took.id IS NOT NULL
        AND (took.shard, took.card_id, took.amount_minor, took.unit)
        IS DISTINCT FROM (asked.shard, asked.card_id, asked.fee_minor, asked.currency)
    )
ORDER BY slot
LIMIT %(limit)s;
