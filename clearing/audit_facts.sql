-- The audit's questions about facts beside the ledger: what was undone, where points lie.
-- As in audit.sql, each statement gives the rows that break its rule.

-- 8. Every timed-out request ends as one of three. --------------------------------------------

-- name: undo_without_journals
-- A fact about an original names two journals of one card, and they agree with it.
SELECT
    undo.shard,
    undo.original_id,
    undo.journal_id,
    undo.kind
FROM undo
LEFT JOIN journal AS original
    ON original.shard = undo.shard AND original.id = undo.original_id
LEFT JOIN journal AS undoing
    ON undoing.shard = undo.shard AND undoing.id = undo.journal_id
WHERE
    NOT undo.is_moot
    AND (
        original.id IS NULL
        OR undoing.id IS NULL
        OR undoing.kind <> undo.kind
        OR undoing.original_id IS DISTINCT FROM undo.original_id
        OR undoing.card_id <> original.card_id
        OR undoing.amount_minor <> undo.amount_minor
    )
ORDER BY undo.journal_id
LIMIT %(limit)s;

-- name: moot_reversal_of_what_stands
-- A moot reversal was approved and posted nothing: a void that stands had undone its original, or
-- its original is a void of what a moot reversal names; or all it did was to a hold, to which
-- something else was done afterwards, or whose opening was reversed.
WITH ended AS (
    SELECT
        shard,
        hold_id,
        max(turn) AS turn
    FROM hold_fact
    GROUP BY shard, hold_id
),

unopened AS (
    SELECT DISTINCT
        shard,
        original_id AS hold_id
    FROM undo
    WHERE kind = 'reversal'
),

held AS (
    SELECT
        hold_fact.shard,
        hold_fact.journal_id,
        min(hold.expires_at) AS expires_at,
        bool_or(
            ended.turn > hold_fact.turn
            OR (unopened.hold_id IS NOT NULL AND hold.id <> hold_fact.journal_id)
        ) AS was_followed
    FROM hold_fact
    INNER JOIN hold ON hold.shard = hold_fact.shard AND hold.id = hold_fact.hold_id
    INNER JOIN ended ON ended.shard = hold_fact.shard AND ended.hold_id = hold_fact.hold_id
    LEFT JOIN unopened ON unopened.shard = hold_fact.shard AND unopened.hold_id = hold_fact.hold_id
    GROUP BY hold_fact.shard, hold_fact.journal_id
)

SELECT
    undo.shard,
    undo.original_id,
    undo.journal_id
FROM undo
LEFT JOIN journal AS original
    ON original.shard = undo.shard AND original.id = undo.original_id
LEFT JOIN exchange AS reversal ON reversal.shard = undo.shard AND reversal.id = undo.journal_id
LEFT JOIN journal AS posted ON posted.shard = undo.shard AND posted.id = undo.journal_id
LEFT JOIN held ON held.shard = original.shard AND held.journal_id = original.id
WHERE
    undo.is_moot
    AND (
        undo.kind <> 'reversal'
        OR original.id IS NULL
        OR original.amount_minor <> undo.amount_minor
        OR posted.id IS NOT NULL
        OR (reversal.kind = 'reversal' AND reversal.reason = 'approved') IS NOT TRUE
        OR NOT EXISTS (
            SELECT 1
            FROM undo AS void
            LEFT JOIN undo AS reversed
                ON
                    reversed.shard = void.shard
                    AND reversed.original_id = void.journal_id
                    AND NOT reversed.is_moot
            WHERE
                void.shard = undo.shard
                AND reversed.journal_id IS NULL
                AND (
                    (void.original_id = undo.original_id AND void.kind LIKE '%%void')
                    OR (void.original_id = original.original_id AND void.is_moot)
                )
        )
        AND NOT (
            original.kind = any(%(held_kinds)s::text [])
            AND coalesce(held.expires_at <= reversal.decided_at OR held.was_followed, false)
        )
    )
ORDER BY undo.journal_id
LIMIT %(limit)s;

-- name: reversal_not_noted
-- A reversal that was approved, of what was posted, is known to its original: it stays reversed.
SELECT
    reversal.slot,
    original.id
FROM exchange AS reversal
INNER JOIN journal AS original
    ON original.home = reversal.home AND original.slot = left(reversal.slot, -1) || 'f'
LEFT JOIN undo
    ON
        undo.shard = original.shard
        AND undo.original_id = original.id
        AND undo.kind = 'reversal'
WHERE
    reversal.kind = 'reversal'
    AND reversal.reason = 'approved'
    AND NOT reversal.is_tombstone
    AND undo.journal_id IS NULL
ORDER BY original.id
LIMIT %(limit)s;

-- name: undo_out_of_turn
-- The facts about an original are counted from the first, so that two can never race.
SELECT
    shard,
    original_id,
    count(*) AS facts,
    max(attempt) AS last_attempt
FROM undo
GROUP BY shard, original_id
HAVING max(attempt) + 1 <> count(*) OR count(DISTINCT attempt) <> count(*)
ORDER BY original_id
LIMIT %(limit)s;

-- name: undoing_journal_without_fact
-- A journal that undoes is known to its original, else the original could be undone again. A
-- refund that an external issuer decided names none: the issuer has matched it with its sale.
SELECT
    journal.shard,
    journal.id,
    journal.kind
FROM journal
LEFT JOIN undo ON undo.shard = journal.shard AND undo.journal_id = journal.id
WHERE
    (
        journal.kind IN (
            'void', 'reversal', 'completion_void', 'voucher_void', 'phone_load_void'
        )
        OR (journal.kind = 'refund' AND journal.card_id <> %(no_card)s)
        OR journal.original_id IS NOT NULL
    )
    AND undo.journal_id IS NULL
ORDER BY journal.id
LIMIT %(limit)s;

-- name: undone_too_often
-- Counting only what stands: one void or reversal, or refunds up to the amount, never both. A
-- void that was itself reversed no longer stands.
WITH standing AS (
    SELECT undo.*
    FROM undo
    LEFT JOIN undo AS reversal
        ON
            reversal.shard = undo.shard
            AND reversal.original_id = undo.journal_id
            AND reversal.kind = 'reversal'
            AND NOT reversal.is_moot
    WHERE reversal.journal_id IS NULL AND NOT undo.is_moot
)

SELECT
    standing.shard,
    standing.original_id,
    count(*) FILTER (WHERE standing.kind <> 'refund') AS wholes,
    coalesce(sum(standing.amount_minor) FILTER (WHERE standing.kind = 'refund'), 0)
        AS refunded_minor,
    original.amount_minor,
    original.unit
FROM standing
INNER JOIN journal AS original
    ON original.shard = standing.shard AND original.id = standing.original_id
GROUP BY standing.shard, standing.original_id, original.amount_minor, original.unit
HAVING
    count(*) FILTER (WHERE standing.kind <> 'refund') > 1
    OR count(DISTINCT standing.kind = 'refund') > 1
    OR sum(standing.amount_minor) FILTER (WHERE standing.kind = 'refund') > original.amount_minor
ORDER BY standing.original_id
LIMIT %(limit)s;

-- name: undo_leaves_a_rest
-- A void or reversal gives back to every account all that the original took from it.
WITH whole AS (
    SELECT
        shard,
        original_id,
        journal_id
    FROM undo
    WHERE kind <> 'refund' AND NOT is_moot
),

taken AS (
    SELECT
        whole.shard,
        whole.journal_id,
        entry.debit_account AS account_id,
        sum(entry.amount_minor) AS amount_minor
    FROM whole
    INNER JOIN entry ON entry.shard = whole.shard AND entry.journal_id = whole.original_id
    GROUP BY whole.shard, whole.journal_id, entry.debit_account
),

given AS (
    SELECT
        whole.shard,
        whole.journal_id,
        entry.credit_account AS account_id,
        sum(entry.amount_minor) AS amount_minor
    FROM whole
    INNER JOIN entry ON entry.shard = whole.shard AND entry.journal_id = whole.journal_id
    GROUP BY whole.shard, whole.journal_id, entry.credit_account
)

SELECT
    coalesce(taken.shard, given.shard) AS shard,
    journal_id,
    account_id,
    ledger_account.unit,
    coalesce(taken.amount_minor, 0) AS taken_minor,
    coalesce(given.amount_minor, 0) AS given_minor
FROM taken
FULL JOIN given USING (shard, journal_id, account_id)
LEFT JOIN ledger_account ON ledger_account.id = account_id
WHERE taken.amount_minor IS DISTINCT FROM given.amount_minor
ORDER BY journal_id, account_id
LIMIT %(limit)s;

-- name: undo_by_other_accounts
-- What undoes moves along the original's own legs, or from the merchant who sold where the card had
-- spent points that the sale gave, or from breakage where they were written off; in former times
-- from suspense.
SELECT
    entry.shard,
    entry.journal_id,
    entry.leg
FROM undo
INNER JOIN entry ON entry.shard = undo.shard AND entry.journal_id = undo.journal_id
LEFT JOIN account AS debit ON debit.id = entry.debit_account
LEFT JOIN entry AS original
    ON
        original.shard = undo.shard
        AND original.journal_id = undo.original_id
        AND original.debit_account = entry.credit_account
        AND original.unit = entry.unit
        AND (
            original.credit_account = entry.debit_account
            OR debit.chart IN ('suspense', 'merchant_points', 'breakage')
        )
WHERE original.journal_id IS NULL
ORDER BY entry.journal_id, entry.leg
LIMIT %(limit)s;

-- 9. The sum of points lots is the points balance. --------------------------------------------

-- name: lots_not_the_balance
-- Purse by purse.
WITH points AS (
    SELECT
        shard,
        account_id,
        unit,
        posted_minor
    FROM purse
    WHERE starts_with(unit, %(points)s)
),

summed AS (
    SELECT
        shard,
        account_id,
        sum(remaining) AS remaining
    FROM lot
    GROUP BY shard, account_id
)

SELECT
    account_id,
    coalesce(points.unit, '') AS unit,
    points.posted_minor,
    coalesce(summed.remaining, 0) AS lots_minor
FROM points
FULL JOIN summed USING (shard, account_id)
WHERE points.posted_minor IS DISTINCT FROM coalesce(summed.remaining, 0)
ORDER BY account_id
LIMIT %(limit)s;

-- name: lot_of_another_date
-- A lot is numbered as the journal that earned it, so its number says when.
SELECT
    account_id,
    id,
    earned_on
FROM lot
WHERE
    id / %(numbers_per_day)s <> earned_on - %(day_zero)s::date
    OR expires_on < earned_on
    OR available_from <= earned_on
ORDER BY account_id, id
LIMIT %(limit)s;

-- name: lot_not_its_uses
-- What is left in a lot is what it began with less what journals took.
WITH used AS (
    SELECT
        shard,
        account_id,
        lot_id,
        sum(points) AS points
    FROM lot_use
    GROUP BY shard, account_id, lot_id
)

SELECT
    coalesce(lot.account_id, used.account_id) AS account_id,
    coalesce(lot.id, used.lot_id) AS lot_id,
    lot.remaining,
    lot.points - coalesce(used.points, 0) AS expected
FROM lot
FULL JOIN used
    ON used.shard = lot.shard AND used.account_id = lot.account_id AND used.lot_id = lot.id
WHERE lot.remaining IS DISTINCT FROM lot.points - coalesce(used.points, 0) OR lot.id IS NULL
ORDER BY coalesce(lot.account_id, used.account_id), coalesce(lot.id, used.lot_id)
LIMIT %(limit)s;

-- name: breakage_not_its_lots
-- What is written off stands in the programme's breakage account, lot by lot.
WITH lost AS (
    SELECT
        purse.unit,
        sum(lot.written_off) AS points
    FROM lot
    INNER JOIN purse ON purse.shard = lot.shard AND purse.account_id = lot.account_id
    GROUP BY purse.unit
),

kept AS (
    SELECT
        account.unit,
        sum(moved_account.amount_minor) AS points
    FROM moved_account
    INNER JOIN account ON account.id = moved_account.account_id
    WHERE account.chart = 'breakage' AND starts_with(account.unit, %(points)s)
    GROUP BY account.unit
)

SELECT
    unit,
    coalesce(kept.points, 0) AS kept_points,
    coalesce(lost.points, 0) AS lost_points
FROM kept
FULL JOIN lost USING (unit)
WHERE coalesce(kept.points, 0) <> coalesce(lost.points, 0)
ORDER BY unit
LIMIT %(limit)s;

-- name: expired_lot_left
-- Where the house says that it has written off what had expired, nothing is left but what pays what
-- other lots owe; and what is left since something was given back to the purse.
WITH last AS (
    SELECT max(business_date) AS business_date FROM points_expiry
),

unwritten AS (
    SELECT
        lot.shard,
        lot.account_id,
        lot.id,
        lot.expires_on,
        lot.remaining,
        last.business_date,
        sum(lot.remaining) OVER (PARTITION BY lot.shard, lot.account_id) AS expired
    FROM last
    INNER JOIN lot ON lot.expires_on < last.business_date AND lot.remaining > 0
    INNER JOIN purse ON purse.shard = lot.shard AND purse.account_id = lot.account_id
    WHERE purse.posted_minor > 0
)

SELECT
    unwritten.account_id,
    unwritten.id,
    unwritten.expires_on,
    unwritten.remaining
FROM unwritten
WHERE
    unwritten.expired > (
        SELECT coalesce(sum(-lot.remaining), 0)
        FROM lot
        WHERE
            lot.shard = unwritten.shard
            AND lot.account_id = unwritten.account_id
            AND lot.remaining < 0
    )
    AND NOT EXISTS (
        SELECT 1
        FROM lot_use
        INNER JOIN journal
            ON journal.shard = lot_use.shard AND journal.id = lot_use.journal_id
        WHERE
            lot_use.shard = unwritten.shard
            AND lot_use.account_id = unwritten.account_id
            AND lot_use.points < 0
            AND journal.business_date >= unwritten.business_date
    )
ORDER BY unwritten.account_id, unwritten.id
LIMIT %(limit)s;

-- name: points_not_their_lots
-- Journal by journal: points that moved are a new lot, or uses of lots.
WITH moved AS (
    SELECT
        movement.shard,
        movement.journal_id,
        movement.account_id,
        sum(movement.amount_minor) AS points
    FROM movement
    INNER JOIN purse ON purse.shard = movement.shard AND purse.account_id = movement.account_id
    WHERE starts_with(purse.unit, %(points)s)
    GROUP BY movement.shard, movement.journal_id, movement.account_id
),

lotted AS (
    SELECT
        shard,
        journal_id,
        account_id,
        sum(points) AS points
    FROM (
        SELECT
            shard,
            id AS journal_id,
            account_id,
            points
        FROM lot
        UNION ALL
        SELECT
            shard,
            journal_id,
            account_id,
            -points AS points
        FROM lot_use
    ) AS change
    GROUP BY shard, journal_id, account_id
)

SELECT
    shard,
    journal_id,
    account_id,
    coalesce(moved.points, 0) AS moved_points,
    coalesce(lotted.points, 0) AS lotted_points
FROM moved
FULL JOIN lotted USING (shard, journal_id, account_id)
WHERE coalesce(moved.points, 0) <> coalesce(lotted.points, 0)
ORDER BY journal_id
LIMIT %(limit)s;

-- 12. What decides is as our programs left it. --------------------------------------------------

-- name: purse_not_its_cards
-- A purse is of a card's shard, in its issuer's currency or programme, with the limit that this
-- gives. Of a card each is there once, and none is missing: what was never posted in is no row.
WITH offered AS (
    SELECT
        programme.issuer_id,
        programme.code,
        programme.debt_is_allowed
    FROM programme
    WHERE programme.issuer_id IS NOT NULL
    UNION
    SELECT
        alliance_member.issuer_id,
        programme.code,
        programme.debt_is_allowed
    FROM programme
    INNER JOIN alliance_member ON alliance_member.alliance_id = programme.alliance_id
    WHERE alliance_member.issuer_id IS NOT NULL
)

SELECT
    purse.account_id,
    purse.card_id,
    purse.unit
FROM purse
LEFT JOIN card ON card.shard = purse.shard AND card.id = purse.card_id
LEFT JOIN issuer ON issuer.id = card.issuer_id
LEFT JOIN offered
    ON offered.issuer_id = card.issuer_id AND purse.unit = %(points)s || offered.code
WHERE
    card.id IS NULL
    OR (purse.unit <> issuer.currency AND offered.code IS NULL)
    OR NOT (
        purse.floor_minor = 0
        OR (offered.debt_is_allowed AND purse.floor_minor = %(debt_floor)s) IS TRUE
    )
ORDER BY purse.account_id
LIMIT %(limit)s;

-- name: purse_twice
-- A card has one purse in a unit, and an account is one purse or one of the house.
SELECT
    account_id,
    count(*) AS times
FROM (
    SELECT id AS account_id FROM ledger_account
    UNION ALL
    SELECT max(account_id) FROM purse
    GROUP BY card_id, unit
    HAVING count(*) > 1
) AS named
GROUP BY account_id
HAVING count(*) > 1
ORDER BY account_id
LIMIT %(limit)s;

-- name: expiry_not_its_lots
-- No unspent lot expires before its purse says; the day is one of its lots', and money has none.
WITH lotted AS (
    SELECT
        shard,
        account_id,
        array_agg(DISTINCT expires_on) AS days,
        min(expires_on) FILTER (WHERE remaining > 0) AS first_day
    FROM lot
    GROUP BY shard, account_id
)

SELECT
    purse.account_id,
    purse.card_id,
    purse.expires_from,
    lotted.first_day
FROM purse
LEFT JOIN lotted ON lotted.shard = purse.shard AND lotted.account_id = purse.account_id
WHERE
    CASE
        WHEN purse.expires_from IS NULL THEN lotted.first_day IS NOT NULL
        ELSE
            coalesce(purse.expires_from > lotted.first_day, false)
            OR NOT coalesce(purse.expires_from = any(lotted.days), false)
    END
ORDER BY purse.account_id
LIMIT %(limit)s;

-- name: pending_not_its_lots
-- What may not be spent yet is what is left in the lots that are good from a day on which the purse
-- has not counted: from its own first such day on, or from those to come where it has none.
WITH ever AS (
    SELECT
        lot.shard,
        lot.account_id,
        lot.available_from,
        sum(lot.remaining) AS points
    FROM lot
    WHERE lot.available_from IS NOT NULL AND lot.remaining > 0
    GROUP BY lot.shard, lot.account_id, lot.available_from
)

SELECT
    purse.account_id,
    max(purse.card_id) AS card_id,
    coalesce(max(purse.pending_minor), 0) AS pending,
    coalesce(sum(ever.points), 0) AS lotted
FROM purse
LEFT JOIN ever
    ON
        ever.shard = purse.shard
        AND ever.account_id = purse.account_id
        AND ever.available_from >= coalesce(
            purse.pending_from, (SELECT max(business_date) + 1 FROM business_day)
        )
GROUP BY purse.shard, purse.account_id
HAVING coalesce(max(purse.pending_minor), 0) <> coalesce(sum(ever.points), 0)
ORDER BY purse.account_id
LIMIT %(limit)s;

-- name: earned_by_not_its_journal
-- What a rule is told to have given is what its sale's journal gave in that unit.
WITH given AS (
    SELECT
        entry.shard,
        entry.journal_id,
        entry.unit,
        sum(entry.amount_minor) AS points
    FROM entry
    INNER JOIN account ON account.id = entry.debit_account
    WHERE account.chart = 'points_issued'
    GROUP BY entry.shard, entry.journal_id, entry.unit
)

SELECT
    earned_by.journal_id,
    earned_by.unit,
    earned_by.rule,
    earned_by.points AS told_points,
    coalesce(given.points, 0) AS given_points
FROM earned_by
LEFT JOIN given
    ON
        given.shard = earned_by.shard
        AND given.journal_id = earned_by.journal_id
        AND given.unit = earned_by.unit
LEFT JOIN earn_rule
    ON
        earn_rule.programme = substr(earned_by.unit, 3)
        AND earn_rule.code = earned_by.rule
        AND earn_rule.since = earned_by.since
WHERE earned_by.points <> coalesce(given.points, 0) OR earn_rule.code IS NULL
ORDER BY earned_by.journal_id, earned_by.unit
LIMIT %(limit)s;

-- name: earn_counted_not_its_journal
-- What a sale counted of its caps is what its rule gave it; what undoes one gives back what that
-- had counted, in the same time, and no more.
SELECT
    c.journal_id,
    c.unit,
    c.rule,
    c.period,
    c.points
FROM earn_counted AS c
LEFT JOIN journal ON journal.shard = c.shard AND journal.id = c.journal_id
LEFT JOIN earned_by
    ON
        earned_by.shard = c.shard
        AND earned_by.journal_id = c.journal_id
        AND earned_by.unit = c.unit
        AND earned_by.rule = c.rule
        AND earned_by.since = c.since
        AND earned_by.points = c.points
LEFT JOIN earn_counted AS of_original
    ON
        of_original.shard = c.shard
        AND of_original.journal_id = journal.original_id
        AND of_original.unit = c.unit
        AND of_original.period = c.period
        AND of_original.period_from = c.period_from
        AND of_original.rule = c.rule
        AND of_original.since = c.since
        AND sign(of_original.points) = -sign(c.points)
        AND abs(of_original.points) >= abs(c.points)
WHERE
    journal.id IS NULL
    OR CASE
        WHEN journal.original_id IS NULL
            THEN
                earned_by.journal_id IS NULL
                OR c.points > c.asked_points
                OR c.period_from <> CASE
                    WHEN c.period = 'month'
                        THEN date_trunc('month', journal.business_date::timestamp)::date
                    ELSE journal.business_date
                END
        ELSE of_original.journal_id IS NULL
    END
ORDER BY c.journal_id, c.unit, c.period
LIMIT %(limit)s;

-- name: conversion_not_its_rate
-- Each conversion is a leg of either unit of its rate, tied by that: never more than it makes
-- of those that were taken.
WITH converting AS MATERIALIZED (
    SELECT id FROM account
    WHERE chart = 'conversion'
),

moved AS (
    SELECT
        entry.shard,
        entry.journal_id,
        max(entry.unit) FILTER (WHERE NOT side.is_debit) AS from_unit,
        max(entry.unit) FILTER (WHERE side.is_debit) AS to_unit,
        sum(entry.amount_minor) FILTER (WHERE NOT side.is_debit) AS taken,
        sum(entry.amount_minor) FILTER (WHERE side.is_debit) AS made
    FROM entry
    CROSS JOIN
        LATERAL (VALUES (entry.debit_account, true), (entry.credit_account, false))
            AS side (account_id, is_debit)
    WHERE
        (
            entry.debit_account IN (SELECT of_debit.id FROM converting AS of_debit)
            OR entry.credit_account IN (SELECT of_credit.id FROM converting AS of_credit)
        )
        AND side.account_id IN (SELECT of_side.id FROM converting AS of_side)
    GROUP BY entry.shard, entry.journal_id
)

SELECT
    coalesce(conversion.journal_id, moved.journal_id) AS journal_id,
    coalesce(moved.taken, 0) AS taken,
    coalesce(moved.made, 0) AS made,
    concat_ws('/', rate.times, rate.per) AS rate
FROM moved
FULL JOIN conversion
    ON conversion.shard = moved.shard AND conversion.journal_id = moved.journal_id
LEFT JOIN rate ON rate.id = conversion.rate_id
WHERE
    (moved.from_unit, moved.to_unit) IS DISTINCT FROM
    ('P:' || rate.from_programme, 'P:' || rate.to_programme)
    OR moved.made IS DISTINCT FROM div(moved.taken * rate.times, rate.per)
ORDER BY coalesce(conversion.journal_id, moved.journal_id)
LIMIT %(limit)s;

-- name: card_numbered_twice
-- One number, one card, whichever shard it lives on.
SELECT
    id,
    count(*) AS cards
FROM card
GROUP BY id
HAVING count(*) > 1
ORDER BY id
LIMIT %(limit)s;

-- name: part_not_its_cards
-- As many cards are there as were made, part by part; parts of no batch and with no card, too.
WITH there AS (
    SELECT
        card.part_id,
        count(*) AS cards
    FROM card
    WHERE card.part_id IS NOT NULL
    GROUP BY card.part_id
)

SELECT
    coalesce(part.id, there.part_id) AS part_id,
    coalesce(part.made, 0) AS made,
    coalesce(there.cards, 0) AS cards
FROM card_batch_part AS part
FULL JOIN there ON part.id = there.part_id
WHERE coalesce(part.made, 0) <> coalesce(there.cards, 0)
ORDER BY part_id
LIMIT %(limit)s;

-- name: card_not_of_its_part
-- A card's number is its part's and its place there (one that an estate file brought has its own);
-- it is of its batch's issuer, nobody has used or sold it before its part was opened, and none that
-- is in use is to be sold.
WITH part AS (
    SELECT
        part.id,
        part.made,
        part.state,
        batch.issuer_id
    FROM card_batch_part AS part
    INNER JOIN card_batch AS batch ON part.batch_id = batch.id
),

judged AS (
    SELECT
        card.id,
        card.part_id,
        CASE
            WHEN part.id IS NULL THEN 'which is not there'
            WHEN
                card.id >> %(place_bits)s NOT IN (0, part.id)
                OR (
                    card.id >> %(place_bits)s = part.id
                    AND card.id - (part.id::bigint << %(place_bits)s) NOT BETWEEN 1 AND part.made
                )
                THEN 'which has made no card of that number'
            WHEN card.issuer_id <> part.issuer_id
                THEN 'which is of another issuer'
            WHEN
                part.state <> 'opened'
                AND (
                    card.status <> all(%(unopened_statuses)s)
                    OR card.sale IN ('sold', 'returned')
                    OR card.sale_id IS NOT NULL
                    OR card.member_id IS NOT NULL
                )
                THEN 'which is not opened, and was used or sold all the same'
            WHEN card.status = 'active' AND card.sale IN ('unsold', 'allocated')
                THEN 'which is in use, and in stock to be sold'
        END AS fault
    FROM card
    LEFT JOIN part ON card.part_id = part.id
    WHERE card.part_id IS NOT NULL
)

SELECT
    id,
    part_id,
    fault
FROM judged
WHERE fault IS NOT NULL
ORDER BY id
LIMIT %(limit)s;

-- name: card_of_no_issuer
-- A card is of an issuer that is there.
SELECT
    card.shard,
    card.id,
    card.issuer_id
FROM card
LEFT JOIN issuer ON issuer.id = card.issuer_id
WHERE issuer.id IS NULL
ORDER BY card.id
LIMIT %(limit)s;
