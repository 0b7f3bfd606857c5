-- The audit's questions about what was promised and not yet paid: holds, and vouchers. As in
-- audit.sql, each statement gives the rows that break its rule.

-- name: held_not_its_holds
-- What is held of a purse is what its holds have left.
WITH summed AS (
    SELECT
        shard,
        account_id,
        sum(held_minor) AS held_minor
    FROM hold
    GROUP BY shard, account_id
)

SELECT
    account_id,
    purse.unit,
    coalesce(purse.held_minor, 0) AS held_minor,
    coalesce(summed.held_minor, 0) AS holds_minor
FROM purse
FULL JOIN summed USING (shard, account_id)
WHERE coalesce(purse.held_minor, 0) <> coalesce(summed.held_minor, 0)
ORDER BY account_id
LIMIT %(limit)s;

-- name: hold_not_its_facts
-- A hold is for what it was opened and increased by, and has left what was neither used nor
-- released; its facts are counted without a gap, it never had more or less than it could, and it
-- is of a purse of its card.
WITH told AS (
    SELECT
        hold_fact.*,
        effect.amount * hold_fact.amount_minor AS amount,
        effect.held * hold_fact.amount_minor AS held
    FROM hold_fact
    LEFT JOIN unnest(
        %(hold_facts)s::text [], %(hold_amounts)s::integer [], %(hold_helds)s::integer []
    ) AS effect (fact, amount, held) ON effect.fact = hold_fact.fact
),

run AS (
    SELECT
        shard,
        hold_id,
        turn,
        journal_id,
        fact,
        sum(amount) OVER so_far AS amount,
        sum(held) OVER so_far AS held,
        row_number() OVER so_far AS place
    FROM told
    WINDOW so_far AS (PARTITION BY shard, hold_id ORDER BY turn)
),

summed AS (
    SELECT
        shard,
        hold_id,
        bool_and(
            turn = place - 1
            AND (fact = 'opened') = (turn = 0)
            AND (turn > 0 OR journal_id = hold_id)
            AND held BETWEEN 0 AND amount
        ) AS is_well,
        (array_agg(amount ORDER BY turn DESC))[1] AS amount,
        (array_agg(held ORDER BY turn DESC))[1] AS held
    FROM run
    GROUP BY shard, hold_id
)

SELECT
    coalesce(hold.id, summed.hold_id) AS id,
    coalesce(hold.shard, summed.shard) AS shard,
    coalesce(hold.unit, '') AS unit,
    coalesce(hold.amount_minor, 0) AS amount_minor,
    coalesce(hold.held_minor, 0) AS held_minor,
    coalesce(summed.amount, 0) AS told_amount_minor,
    coalesce(summed.held, 0) AS told_minor
FROM hold
FULL JOIN summed ON summed.shard = hold.shard AND summed.hold_id = hold.id
LEFT JOIN purse ON purse.shard = hold.shard AND purse.account_id = hold.account_id
WHERE
    (hold.amount_minor, hold.held_minor) IS DISTINCT FROM (summed.amount, summed.held)
    OR NOT summed.is_well
    OR hold.code <> mod(hold.id, %(hold_codes)s)
    OR (purse.card_id, purse.unit) IS DISTINCT FROM (hold.card_id, hold.unit)
ORDER BY coalesce(hold.id, summed.hold_id)
LIMIT %(limit)s;

-- name: hold_fact_without_journal
-- What becomes of a hold does so by a posting of its card, and what opened it is of its terminal
-- and merchant; an authorisation lasts as long as was said then.
SELECT
    hold_fact.shard,
    hold_fact.hold_id,
    hold_fact.turn,
    hold_fact.fact
FROM hold_fact
LEFT JOIN hold ON hold.shard = hold_fact.shard AND hold.id = hold_fact.hold_id
LEFT JOIN journal ON journal.shard = hold_fact.shard AND journal.id = hold_fact.journal_id
LEFT JOIN exchange ON exchange.home = journal.home AND exchange.slot = journal.slot
WHERE
    journal.id IS NULL
    OR journal.card_id IS DISTINCT FROM hold.card_id
    OR (
        hold_fact.fact = 'opened'
        AND (
            hold.issuer_id <> journal.issuer_id
            OR hold.merchant_id IS DISTINCT FROM journal.merchant_id
            OR hold.terminal_id IS DISTINCT FROM journal.terminal_id
            OR hold.opened_at IS DISTINCT FROM exchange.decided_at
        )
    )
ORDER BY hold_fact.hold_id, hold_fact.turn
LIMIT %(limit)s;

-- name: hold_used_otherwise
-- What a posting used of holds it has paid out of the same purse: not more than its own legs took.
WITH used AS (
    SELECT
        hold_fact.shard,
        hold_fact.journal_id,
        hold.account_id,
        hold.unit,
        sum(hold_fact.amount_minor) AS amount_minor
    FROM hold_fact
    INNER JOIN hold ON hold.shard = hold_fact.shard AND hold.id = hold_fact.hold_id
    WHERE hold_fact.fact = 'used'
    GROUP BY hold_fact.shard, hold_fact.journal_id, hold.account_id, hold.unit
),

paid AS (
    SELECT
        shard,
        journal_id,
        debit_account AS account_id,
        sum(amount_minor) AS amount_minor
    FROM entry
    GROUP BY shard, journal_id, debit_account
)

SELECT
    journal_id,
    used.shard,
    used.unit,
    used.amount_minor,
    coalesce(paid.amount_minor, 0) AS paid_minor
FROM used
LEFT JOIN paid USING (shard, journal_id, account_id)
WHERE used.amount_minor > coalesce(paid.amount_minor, 0)
ORDER BY journal_id
LIMIT %(limit)s;

-- name: voucher_use_not_its_journal
-- What used a voucher says which and what of it, and no other journal does; what redeemed one is a
-- journal of that.
SELECT
    coalesce(journal.shard, voucher_use.shard) AS shard,
    coalesce(journal.id, voucher_use.journal_id) AS id,
    coalesce(journal.kind, 'none') AS kind
FROM (
    SELECT
        shard,
        id,
        kind,
        card_id
    FROM journal
    WHERE kind IN ('voucher_redemption', 'load_by_code')
) AS journal
FULL JOIN voucher_use
    ON voucher_use.shard = journal.shard AND voucher_use.journal_id = journal.id
WHERE
    journal.id IS NULL
    OR voucher_use.journal_id IS NULL
    OR (journal.kind = 'load_by_code') <> (voucher_use.given + voucher_use.bought = 0)
    OR (
        journal.kind = 'voucher_redemption'
        AND (
            voucher_use.voucher_id <> journal.card_id
            OR voucher_use.voucher_shard <> journal.shard
        )
    )
ORDER BY id
LIMIT %(limit)s;

-- name: voucher_not_its_uses
-- A voucher has given no more than its product lets it give, once or onto a card and never both,
-- and stands as what has used it and was not undone says.
WITH undone AS (
    SELECT
        undo.shard,
        undo.original_id
    FROM undo
    LEFT JOIN undo AS again
        ON
            again.shard = undo.shard
            AND again.original_id = undo.journal_id
            AND NOT again.is_moot
    WHERE again.original_id IS NULL
),

summed AS (
    SELECT
        used.voucher_shard AS shard,
        used.voucher_id AS card_id,
        sum(used.given) AS given,
        count(*) FILTER (WHERE used.given + used.bought = 0) AS loads
    FROM voucher_use AS used
    LEFT JOIN undone
        ON undone.shard = used.shard AND undone.original_id = used.journal_id
    WHERE undone.original_id IS NULL
    GROUP BY used.voucher_shard, used.voucher_id
),

judged AS (
    SELECT
        card.id,
        card.status,
        coalesce(summed.given, 0) AS given,
        coalesce(summed.loads, 0) AS loads,
        CASE WHEN version.kind IN ('ticket', 'buy_and_get') THEN version.entries ELSE 1 END AS most
    FROM card
    INNER JOIN card_batch_part AS part ON part.id = card.part_id
    INNER JOIN card_batch AS batch ON batch.id = part.batch_id
    INNER JOIN product_version AS version
        ON version.product_id = batch.product_id AND version.version = batch.product_version
    LEFT JOIN summed ON summed.shard = card.shard AND summed.card_id = card.id
    WHERE version.kind <> 'card'
)

SELECT
    id,
    status,
    given,
    loads
FROM judged
WHERE
    given > most
    OR loads > 1
    OR (loads > 0 AND given > 0)
    OR (
        status NOT IN ('voided', 'expired')
        AND (status = 'loaded', status = 'redeemed') <> (loads > 0, given >= most)
    )
ORDER BY id
LIMIT %(limit)s;
