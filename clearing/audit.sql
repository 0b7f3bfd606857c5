-- The audit's questions. Each statement gives the rows that break its rule, none when all is well;
-- clearing.checks.CHECKS says which check asks it and how a row reads to people.

-- 1. Every approval a client received has exactly one journal. -------------------------------

-- name: approved_without_journal
-- An approval that the host stored, of a kind that always posts.
SELECT
    slot,
    kind
FROM strange_exchange
WHERE is_not_posted
ORDER BY id
LIMIT %(limit)s;

-- 2. No journal without a request. ------------------------------------------------------------

-- name: journal_without_request
-- A journal and its request are one event: same number, same words.
SELECT
    journal.shard,
    journal.id,
    journal.slot,
    CASE
        WHEN exchange.slot IS NULL THEN 'there is none'
        ELSE concat_ws(
            ', ',
            CASE WHEN exchange.id <> journal.id THEN 'number' END,
            CASE WHEN exchange.shard <> journal.shard THEN 'shard' END,
            CASE WHEN exchange.seal <> journal.seal THEN 'seal' END,
            CASE WHEN exchange.reason <> all(%(posted_reasons)s) THEN 'reason' END,
            CASE WHEN exchange.is_tombstone THEN 'tombstone' END,
            CASE WHEN exchange.kind <> journal.kind THEN 'kind' END,
            CASE WHEN exchange.card_id IS DISTINCT FROM journal.card_id THEN 'card' END,
            CASE WHEN exchange.terminal_id IS DISTINCT FROM journal.terminal_id THEN 'terminal' END,
            CASE WHEN exchange.business_date <> journal.business_date THEN 'date' END
        )
    END AS differs
FROM strange_exchange AS strange
INNER JOIN journal ON journal.shard = strange.shard AND journal.id = strange.id
LEFT JOIN exchange ON exchange.home = journal.home AND exchange.slot = journal.slot
WHERE
    strange.is_not_as_asked
    AND (
        exchange.slot IS NULL
        OR exchange.id <> journal.id
        OR exchange.shard <> journal.shard
        OR exchange.seal <> journal.seal
        OR exchange.reason <> all(%(posted_reasons)s)
        OR exchange.is_tombstone
        OR exchange.kind <> journal.kind
        OR exchange.card_id IS DISTINCT FROM journal.card_id
        OR exchange.terminal_id IS DISTINCT FROM journal.terminal_id
        OR exchange.business_date <> journal.business_date
    )
ORDER BY journal.id
LIMIT %(limit)s;

-- name: own_journal_by_other_accounts
-- What no terminal asks moves value between the accounts that its kind has.
SELECT
    shard,
    journal_id,
    leg,
    kind,
    coalesce(debit, 'none') AS debit,
    coalesce(credit, 'none') AS credit
FROM strange_entry
WHERE is_by_others
ORDER BY journal_id, leg
LIMIT %(limit)s;

-- name: pending_on_a_card
-- Cash whose card could not be loaded, and no other, is owed to suspense: A6, posting pending.
WITH agent AS (
    SELECT id FROM account
    WHERE chart = 'load_agent_receivable'
),

suspense AS (
    SELECT id FROM account
    WHERE chart = 'suspense'
),

told AS (
    SELECT
        journal.shard,
        journal.id,
        journal.kind,
        exchange.reason
    FROM exchange
    INNER JOIN journal ON journal.home = exchange.home AND journal.slot = exchange.slot
    WHERE exchange.reason = 'posting_pending'
)

SELECT
    told.shard,
    told.id,
    told.reason
FROM told
LEFT JOIN entry ON entry.shard = told.shard AND entry.journal_id = told.id
LEFT JOIN agent ON agent.id = entry.debit_account
LEFT JOIN suspense ON suspense.id = entry.credit_account
WHERE agent.id IS NULL OR suspense.id IS NULL OR told.kind <> 'cash_load_confirm'
UNION ALL
SELECT
    journal.shard,
    journal.id,
    exchange.reason
FROM entry
INNER JOIN suspense ON suspense.id = entry.credit_account
INNER JOIN agent ON agent.id = entry.debit_account
INNER JOIN journal ON journal.shard = entry.shard AND journal.id = entry.journal_id
INNER JOIN exchange ON exchange.home = journal.home AND exchange.slot = journal.slot
WHERE exchange.reason <> 'posting_pending'
ORDER BY id
LIMIT %(limit)s;

-- name: part_of_another_kind
-- A part is approved of what a terminal may take a part of, and nothing else.
SELECT
    slot,
    kind
FROM strange_exchange
WHERE is_part_of_others
ORDER BY id
LIMIT %(limit)s;

-- name: journal_not_its_entries
-- A journal has entries, and those in its own unit make its amount. What only holds or releases
-- value has none: what became of holds by it makes that. Of a draw that gave points, and of what
-- undid such, these come to what it cost.
WITH summed AS (
    SELECT
        shard,
        journal_id,
        unit,
        sum(amount_minor) AS amount_minor
    FROM entry
    GROUP BY shard, journal_id, unit
),

held AS (
    SELECT
        shard,
        journal_id,
        sum(amount_minor) AS amount_minor
    FROM hold_fact
    GROUP BY shard, journal_id
)

SELECT
    journal.shard,
    journal.id,
    journal.amount_minor,
    journal.unit,
    coalesce(summed.amount_minor, held.amount_minor, 0) AS entries_minor
FROM journal
LEFT JOIN summed
    ON
        summed.shard = journal.shard
        AND summed.journal_id = journal.id
        AND summed.unit = journal.unit
LEFT JOIN held
    ON
        held.shard = journal.shard
        AND held.journal_id = journal.id
        AND journal.kind = any(%(held_kinds)s::text [])
LEFT JOIN draw ON draw.shard = journal.shard AND draw.journal_id = journal.id
LEFT JOIN prize
    ON
        prize.lottery_id = draw.lottery_id
        AND prize.place = draw.place
        AND prize.kind = 'points'
WHERE
    coalesce(summed.amount_minor, held.amount_minor)
    IS DISTINCT FROM journal.amount_minor + coalesce(prize.amount, 0)
ORDER BY journal.id
LIMIT %(limit)s;

-- name: journal_without_card
-- A journal is of a card of ours, or it is what an external issuer decided and told us by an
-- advice, or the reversal of such. Only those move what an external issuer has to pay. What the
-- night charges is of no card.
WITH by_issuer AS (
    SELECT DISTINCT
        movement.shard,
        movement.journal_id
    FROM movement
    INNER JOIN account ON account.id = movement.account_id
    WHERE account.chart = 'issuer_receivable'
)

SELECT
    coalesce(journal.shard, advice.shard) AS shard,
    coalesce(journal.id, advice.journal_id) AS id,
    journal.kind,
    journal.card_id,
    advice.reference
FROM journal
FULL JOIN advice ON advice.shard = journal.shard AND advice.journal_id = journal.id
LEFT JOIN card ON card.shard = journal.shard AND card.id = journal.card_id
LEFT JOIN by_issuer
    ON by_issuer.shard = journal.shard AND by_issuer.journal_id = journal.id
WHERE
    journal.id IS NULL
    OR (journal.card_id <> %(no_card)s AND card.id IS NULL)
    OR (journal.card_id = %(no_card)s AND journal.kind <> all(%(cardless_kinds)s::text []))
    <> (by_issuer.journal_id IS NOT NULL)
    OR (
        journal.card_id = %(no_card)s
        AND journal.kind <> 'reversal'
        AND journal.kind <> all(%(cardless_kinds)s::text [])
    )
    <> (advice.journal_id IS NOT NULL)
    OR (journal.card_id <> %(no_card)s AND journal.kind = any(%(cardless_kinds)s::text []))
ORDER BY coalesce(journal.id, advice.journal_id)
LIMIT %(limit)s;

-- name: advice_not_its_answer
-- An issuer's words stand in the answer too, which is under the seal: reason, reference and
-- authorisation one after the other, as MessagePack has texts of up to 31 bytes.
SELECT
    advice.shard,
    advice.journal_id AS id,
    advice.reference
FROM advice
INNER JOIN journal ON journal.shard = advice.shard AND journal.id = advice.journal_id
INNER JOIN exchange ON exchange.home = journal.home AND exchange.slot = journal.slot
WHERE
    position(
        '\xa8'::bytea || convert_to('approved', 'UTF8')
        || decode(to_hex(160 + least(octet_length(advice.reference), 31)), 'hex')
        || convert_to(advice.reference, 'UTF8')
        || coalesce(
            decode(to_hex(160 + least(octet_length(advice.auth_code), 31)), 'hex')
            || convert_to(advice.auth_code, 'UTF8'),
            '\xc0'::bytea
        )
        IN exchange.answer
    ) = 0
ORDER BY advice.journal_id
LIMIT %(limit)s;

-- name: order_without_journal
-- An order is of a journal, and of its moment; what it says is under the seal.
SELECT
    order_reference.shard,
    order_reference.journal_id AS id
FROM order_reference
LEFT JOIN journal
    ON journal.shard = order_reference.shard AND journal.id = order_reference.journal_id
LEFT JOIN exchange ON exchange.home = journal.home AND exchange.slot = journal.slot
WHERE exchange.decided_at IS DISTINCT FROM order_reference.decided_at
ORDER BY order_reference.journal_id
LIMIT %(limit)s;

-- name: entry_without_journal
-- An entry belongs to a journal of its own date.
SELECT
    shard,
    journal_id,
    leg
FROM strange_entry
WHERE is_without_journal
ORDER BY journal_id, leg
LIMIT %(limit)s;

-- name: exchange_out_of_place
-- A number says its business date, a slot its terminal or that there is none, and only a tombstone
-- was never asked for.
SELECT
    slot,
    id
FROM strange_exchange
WHERE is_out_of_place
ORDER BY id
LIMIT %(limit)s;

-- name: kind_of_another_origin
-- Each kind is asked by those who may: no terminal writes a card off, no clock sells.
SELECT
    slot,
    kind,
    origin
FROM strange_exchange
WHERE is_by_others
ORDER BY id
LIMIT %(limit)s;

-- 3. No key posted twice. ---------------------------------------------------------------------

-- name: slot_posted_twice
-- One key, one journal, whichever shard it went to.
SELECT
    slot,
    count(*) AS journals
FROM journal
GROUP BY slot
HAVING count(*) > 1
ORDER BY slot
LIMIT %(limit)s;

-- name: slot_answered_twice
-- One key, one stored answer, whichever shard its terminal calls home.
SELECT
    slot,
    count(*) AS answers
FROM exchange
GROUP BY slot
HAVING count(*) > 1
ORDER BY slot
LIMIT %(limit)s;

-- name: terminal_with_two_homes
-- A key is looked for at its terminal's home alone, so there must be one.
SELECT
    terminal_id,
    count(DISTINCT home) AS homes
FROM exchange
WHERE terminal_id IS NOT NULL
GROUP BY terminal_id
HAVING count(DISTINCT home) > 1
ORDER BY terminal_id
LIMIT %(limit)s;

-- name: own_key_away_from_home
-- A key that no terminal made is looked for where the key itself says.
SELECT
    slot,
    home
FROM strange_exchange
WHERE is_away_from_home
ORDER BY slot
LIMIT %(limit)s;

-- name: number_taken_twice
-- One number (so one RRN on its date), one exchange.
SELECT
    id,
    count(*) AS exchanges
FROM exchange
GROUP BY id
HAVING count(*) > 1
ORDER BY id
LIMIT %(limit)s;

-- 4. The trial balance is zero in every unit. -------------------------------------------------

-- name: unit_out_of_balance
-- Credits less debits over all accounts of a unit.
SELECT
    ledger_account.unit,
    sum(moved_account.amount_minor) AS amount_minor
FROM moved_account
INNER JOIN ledger_account ON ledger_account.id = moved_account.account_id
GROUP BY ledger_account.unit
HAVING sum(moved_account.amount_minor) <> 0
ORDER BY ledger_account.unit
LIMIT %(limit)s;

-- name: entry_between_units
-- The rows behind it: an account that is missing, or keeps another unit than its entry.
SELECT
    shard,
    journal_id,
    leg,
    unit,
    coalesce(debit_unit, 'none') AS debit_unit,
    coalesce(credit_unit, 'none') AS credit_unit
FROM strange_entry
WHERE is_between_units
ORDER BY journal_id, leg
LIMIT %(limit)s;

-- 5. Every stored balance equals its entries. -------------------------------------------------

-- name: balance_not_its_entries
-- What a purse holds is the sum of the entries of its shard.
WITH summed AS (
    SELECT
        shard,
        account_id,
        sum(amount_minor) AS amount_minor
    FROM moved_account
    GROUP BY shard, account_id
)

SELECT
    purse.account_id,
    purse.card_id,
    purse.unit,
    purse.posted_minor,
    coalesce(summed.amount_minor, 0) AS entries_minor
FROM purse
LEFT JOIN summed ON summed.shard = purse.shard AND summed.account_id = purse.account_id
WHERE purse.posted_minor <> coalesce(summed.amount_minor, 0)
ORDER BY purse.account_id
LIMIT %(limit)s;

-- name: purse_not_its_trail
-- Each purse names the last journal that moved it.
WITH moved AS (
    SELECT
        shard,
        account_id,
        max(last_journal) AS last_journal
    FROM moved_account
    GROUP BY shard, account_id
)

SELECT
    purse.account_id,
    purse.card_id,
    purse.last_journal,
    coalesce(moved.last_journal, 0) AS moved_by
FROM purse
LEFT JOIN moved ON moved.shard = purse.shard AND moved.account_id = purse.account_id
WHERE purse.last_journal <> coalesce(moved.last_journal, 0)
ORDER BY purse.account_id
LIMIT %(limit)s;

-- name: journal_not_its_trail
-- Each journal that moved a purse names the one of its card before it; what moved none, none. Only
-- those of before trails name none without being the first.
WITH moved AS (
    SELECT DISTINCT
        movement.shard,
        movement.journal_id,
        purse.card_id
    FROM movement
    INNER JOIN purse
        ON purse.shard = movement.shard AND purse.account_id = movement.account_id
),

trail AS (
    SELECT
        shard,
        journal_id,
        card_id,
        lag(journal_id, 1, 0::bigint) OVER (
            PARTITION BY shard, card_id ORDER BY journal_id
        ) AS before_id
    FROM moved
),

began AS (
    SELECT coalesce(max(substring(value FROM '^[0-9]{1,18}$')::bigint), 0) AS number
    FROM setting
    WHERE name = 'trails_from'
)

SELECT
    journal.shard,
    journal.id,
    journal.card_id,
    journal.previous_id,
    coalesce(trail.before_id, 0) AS before_id
FROM journal
CROSS JOIN began
LEFT JOIN trail
    ON
        trail.shard = journal.shard
        AND trail.journal_id = journal.id
        AND trail.card_id = journal.card_id
WHERE
    CASE
        WHEN journal.id < began.number THEN journal.previous_id IS NOT NULL
        ELSE journal.previous_id IS DISTINCT FROM coalesce(trail.before_id, 0)
    END
ORDER BY journal.id
LIMIT %(limit)s;

-- name: checkpoint_not_its_entries
-- Every cleared date has a checkpoint for each account that moved on it, the sum of its entries.
WITH daily AS (
    SELECT
        account_id,
        business_date,
        sum(amount_minor) AS amount_minor
    FROM moved_account
    GROUP BY account_id, business_date
),

running AS (
    SELECT
        account_id,
        business_date,
        sum(amount_minor) OVER (PARTITION BY account_id ORDER BY business_date) AS balance_minor
    FROM daily
)

SELECT
    account_id,
    business_date,
    ledger_account.unit,
    checkpoint.balance_minor,
    running.balance_minor AS entries_minor
FROM running
FULL JOIN checkpoint USING (account_id, business_date)
LEFT JOIN clearing_step USING (business_date)
LEFT JOIN ledger_account ON ledger_account.id = account_id
WHERE
    coalesce(clearing_step.step, 'checkpoint') = 'checkpoint'
    AND (clearing_step.step IS NOT NULL OR checkpoint.balance_minor IS NOT NULL)
    AND checkpoint.balance_minor IS DISTINCT FROM running.balance_minor
ORDER BY business_date, account_id
LIMIT %(limit)s;

-- 6. No account below its limit, holds counted. -----------------------------------------------

-- name: account_below_limit
-- The constraint says so too; a constraint can be dropped.
SELECT
    account_id,
    unit,
    posted_minor,
    held_minor,
    floor_minor
FROM purse
WHERE posted_minor - held_minor - coalesce(pending_minor, 0) < floor_minor OR held_minor < 0
ORDER BY account_id
LIMIT %(limit)s;

-- 7. The hash chain verifies. -----------------------------------------------------------------

-- name: read_to_the_end
-- A cursor is planned for its first rows unless told; ours are read whole.
SELECT set_config('cursor_tuple_fraction', '1', true);

-- name: seals
-- Every seal of some dates in order; read row by row.
SELECT
    shard,
    seq,
    previous,
    digest,
    items,
    form,
    sealed_at
FROM seal
WHERE business_date BETWEEN %(first)s AND %(last)s
ORDER BY shard, seq;

-- name: sealed_rows
-- What the seals of some dates cover, in the order they cover it: exchanges by number, each with
-- its journal and its entries. Read row by row; an exchange comes once for each of its entries. A
-- lot stands by the leg that filled it, or that it owes: another may have taken from its account.
-- What is kept beside it in tables of their own has its lines as the seal has them.
SELECT
    exchange.shard,
    exchange.seal,
    exchange.id,
    exchange.slot,
    exchange.kind,
    exchange.fingerprint,
    exchange.reason,
    exchange.answer,
    journal.id,
    journal.kind,
    coalesce(journal.original_id, 0),
    journal.card_id,
    journal.business_date::text,
    entry.leg,
    entry.debit_account,
    entry.credit_account,
    entry.amount_minor,
    entry.unit,
    exchange.card_id,
    lot.account_id,
    lot.points,
    lot.expires_on::text,
    lot.available_from::text,
    order_reference.order_number,
    order_reference.sub_order,
    (
        SELECT array_agg(line.said ORDER BY convert_to(line.said, 'UTF8'))
        FROM (
            SELECT
                concat_ws(
                    '|', 'k', 'rule_told', t.exchange_id, t.rule_id, t.rule_version, t.outcome,
                    t.period, t.used_by, t.subject, to_char(t.period_from, 'YYYY-MM-DD'), t.times,
                    t.amount_minor, t.had_times, t.had_minor, t.asked_minor, t.goods
                ) AS said
            FROM rule_told AS t
            WHERE t.shard = exchange.shard AND t.exchange_id = exchange.id
        ) AS line
    ) AS kept
FROM exchange
LEFT JOIN journal ON journal.shard = exchange.shard AND journal.id = exchange.id
LEFT JOIN entry ON entry.shard = journal.shard AND entry.journal_id = journal.id
LEFT JOIN lot
    ON
        lot.shard = journal.shard
        AND lot.id = journal.id
        AND lot.account_id IN (entry.credit_account, entry.debit_account)
        AND (lot.points > 0) = (lot.account_id = entry.credit_account)
LEFT JOIN order_reference
    ON order_reference.shard = journal.shard AND order_reference.journal_id = journal.id
WHERE exchange.business_date BETWEEN %(first)s AND %(last)s
ORDER BY exchange.shard, exchange.seal, exchange.id, exchange.slot, entry.leg;

-- name: seal_of_another_date
-- A batch has one business date and one moment, and everything in it has those.
SELECT DISTINCT
    shard,
    seal
FROM strange_exchange
WHERE is_of_another_seal
ORDER BY shard, seal
LIMIT %(limit)s;

-- name: checkpoint_seal_missing
-- A chain that was cut back or begun anew no longer has the seals that a night wrote down.
SELECT
    checkpoint_seal.business_date,
    checkpoint_seal.shard,
    checkpoint_seal.seq
FROM checkpoint_seal
LEFT JOIN seal ON seal.shard = checkpoint_seal.shard AND seal.seq = checkpoint_seal.seq
WHERE seal.digest IS DISTINCT FROM checkpoint_seal.digest
ORDER BY checkpoint_seal.business_date, checkpoint_seal.shard
LIMIT %(limit)s;

-- 10. Clearing's positions are the journal of the day. ----------------------------------------

-- name: position_not_the_journal
-- Every netted date, computed again from the entries.
WITH ledger AS (
    SELECT
        business_date,
        account.merchant_id,
        account.issuer_id,
        account.unit,
        account.chart,
        sum(moved_account.entries) AS entries,
        sum(moved_account.debit_minor) AS debit_minor,
        sum(moved_account.credit_minor) AS credit_minor
    FROM moved_account
    INNER JOIN account ON account.id = moved_account.account_id
    INNER JOIN clearing_step USING (business_date)
    WHERE
        clearing_step.step = 'net'
        AND account.merchant_id IS NOT NULL
        AND account.issuer_id IS NOT NULL
    GROUP BY
        business_date, account.merchant_id, account.issuer_id, account.unit, account.chart
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    unit,
    chart,
    position.credit_minor - position.debit_minor AS stored_minor,
    ledger.credit_minor - ledger.debit_minor AS ledger_minor
FROM position
FULL JOIN ledger USING (business_date, merchant_id, issuer_id, unit, chart)
WHERE
    (position.debit_minor, position.credit_minor, position.entries)
    IS DISTINCT FROM (ledger.debit_minor, ledger.credit_minor, ledger.entries)
ORDER BY business_date, merchant_id, issuer_id
LIMIT %(limit)s;

-- name: parts_not_as_netted
-- What positions are made of is as the night left it, under the digest of its step: every column of
-- every part, as `position_lines` tells it.
WITH told AS (
    SELECT
        business_date,
        concat_ws(
            '|', merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor
        ) AS line
    FROM position
    UNION ALL
    SELECT
        business_date,
        concat_ws(
            '|', 'part', place, merchant_id, coalesce(store_id::text, '-'), issuer_id,
            coalesce(product_id::text, '-'), kind, channel, unit, items, amount_minor,
            points_earned, merchant_fee_minor, issuer_fee_minor
        ) AS line
    FROM position_part
    UNION ALL
    SELECT
        business_date,
        concat_ws(
            '|', 'declined', place, coalesce(merchant_id::text, '-'),
            coalesce(store_id::text, '-'), kind, channel, reason, items
        ) AS line
    FROM declined_part
),

digested AS (
    SELECT
        business_date,
        sha256(convert_to(string_agg(line, chr(10) ORDER BY line COLLATE "C"), 'UTF8')) AS digest
    FROM told
    GROUP BY business_date
)

SELECT business_date
FROM digested
INNER JOIN clearing_step USING (business_date)
WHERE
    clearing_step.step = 'net'
    AND clearing_step.left_digest IS NOT NULL
    AND clearing_step.left_digest <> digested.digest
ORDER BY business_date
LIMIT %(limit)s;

-- name: declined_not_as_asked
-- What was refused of every date that has it counted, counted again from what was asked. In which
-- store a terminal stood then is under the digest of the night's step.
WITH counted AS (
    SELECT
        business_date,
        kind,
        channel,
        reason,
        sum(items) AS items
    FROM declined_part
    GROUP BY business_date, kind, channel, reason
),

asked AS (
    SELECT
        business_date,
        kind,
        split_part(slot, '/', 1) AS channel,
        reason,
        count(*) AS items
    FROM exchange
    WHERE
        reason NOT IN ('approved', 'posting_pending')
        AND reason <> 'partly_approved'
        AND kind = any(%(moving)s::text [])
        AND NOT is_tombstone
        AND business_date IN (SELECT told.business_date FROM declined_part AS told)
    GROUP BY business_date, kind, split_part(slot, '/', 1), reason
)

SELECT
    business_date,
    kind,
    channel,
    reason,
    coalesce(counted.items, 0) AS counted_items,
    coalesce(asked.items, 0) AS asked_items
FROM counted
FULL JOIN asked USING (business_date, kind, channel, reason)
WHERE counted.items IS DISTINCT FROM asked.items
ORDER BY business_date, kind, channel, reason
LIMIT %(limit)s;

-- name: turnover_not_the_journal
-- Every trial balance, computed again from the entries.
WITH ledger AS (
    SELECT
        business_date,
        ledger_account.chart,
        ledger_account.unit,
        sum(moved_account.debit_minor) AS debit_minor,
        sum(moved_account.credit_minor) AS credit_minor
    FROM moved_account
    INNER JOIN ledger_account ON ledger_account.id = moved_account.account_id
    INNER JOIN clearing_step USING (business_date)
    WHERE clearing_step.step = 'trial_balance'
    GROUP BY business_date, ledger_account.chart, ledger_account.unit
)

SELECT
    business_date,
    chart,
    unit
FROM trial_balance
FULL JOIN ledger USING (business_date, chart, unit)
WHERE
    (trial_balance.debit_minor, trial_balance.credit_minor)
    IS DISTINCT FROM (ledger.debit_minor, ledger.credit_minor)
ORDER BY business_date, chart, unit
LIMIT %(limit)s;

-- name: journal_of_other_parties
-- The accounts that a journal moved are its own card's, merchant's and issuer's. What people, the
-- clock or members ask for is no merchant's, but for a voucher that a store's clerk redeems, and
-- for cash that is taken at a merchant's counter, what a member has paid by scanning a store, what
-- a merchant's people void, and what the night charges.
SELECT
    shard,
    journal_id AS id
FROM strange_entry
WHERE is_of_others
UNION
SELECT
    shard,
    id
FROM strange_exchange
WHERE is_of_others
ORDER BY id
LIMIT %(limit)s;

-- name: void_of_settled
-- What the office voids is of a batch that its terminal has not settled yet: what a settlement
-- counted stays as it was counted, and is refunded. And it is of its merchant's.
SELECT
    void.shard,
    void.id
FROM journal AS void
LEFT JOIN journal AS sold ON sold.shard = void.shard AND sold.id = void.original_id
LEFT JOIN terminal_batch
    ON
        terminal_batch.institution = split_part(sold.slot, '/', 1)
        AND terminal_batch.terminal_id = split_part(sold.slot, '/', 2)
        AND split_part(terminal_batch.epoch, '.', 1) = split_part(sold.slot, '/', 3)
        AND terminal_batch.state <> 'awaiting_upload'
        AND sold.seal <= coalesce(terminal_batch.marks[void.shard + 1], 0)
        AND void.seal > coalesce(terminal_batch.marks[void.shard + 1], 0)
WHERE
    void.terminal_id IS NULL
    AND void.kind = any(%(office_voids)s::text [])
    AND (
        sold.merchant_id IS DISTINCT FROM void.merchant_id
        OR terminal_batch.epoch IS NOT NULL
    )
ORDER BY void.id
LIMIT %(limit)s;

-- name: batch_not_its_journals
-- A settled terminal batch adds up to what was counted when it was settled, or when the upload of
-- it ended. Its marks say what was in it then: later messages, and reversals, have later seals. A
-- part of a dated batch begins behind the marks of the part before it. What the office has voided
-- is in the batch of what was sold, and counts where that does.
WITH batch AS (
    SELECT
        institution,
        terminal_id,
        epoch,
        state,
        with_points,
        counted,
        marks,
        split_part(epoch, '.', 1) AS key_epoch,
        lag(marks) OVER (
            PARTITION BY institution, terminal_id, split_part(epoch, '.', 1)
            ORDER BY length(epoch), epoch
        ) AS after
    FROM terminal_batch
),

placed AS (
    SELECT
        journal.shard,
        coalesce(sold.id, journal.id) AS id,
        journal.seal,
        journal.amount_minor,
        split_part(coalesce(sold.slot, journal.slot), '/', 1) AS institution,
        split_part(coalesce(sold.slot, journal.slot), '/', 2) AS terminal_id,
        split_part(coalesce(sold.slot, journal.slot), '/', 3) AS key_epoch,
        starts_with(journal.unit, %(points)s) AS in_points,
        CASE WHEN starts_with(journal.unit, %(points)s) THEN sides.points ELSE sides.money END
            AS side
    FROM journal
    INNER JOIN
        unnest(%(kinds)s::text [], %(money_sides)s::text [], %(points_sides)s::text [])
            AS sides (kind, money, points)
        ON sides.kind = journal.kind
    LEFT JOIN journal AS sold
        ON
            journal.terminal_id IS NULL
            AND journal.kind = any(%(office_voids)s::text [])
            AND sold.shard = journal.shard
            AND sold.id = journal.original_id
),

reversed AS (
    SELECT
        undo.shard,
        undo.original_id,
        exchange.seal
    FROM undo
    INNER JOIN exchange ON exchange.shard = undo.shard AND exchange.id = undo.journal_id
    WHERE undo.kind = 'reversal'
),

summed AS (
    SELECT
        batch.institution,
        batch.terminal_id,
        batch.epoch,
        placed.in_points,
        placed.side,
        sum(placed.amount_minor) AS amount_minor,
        count(*) AS items
    FROM batch
    INNER JOIN placed USING (institution, terminal_id, key_epoch)
    LEFT JOIN reversed
        ON
            reversed.shard = placed.shard
            AND reversed.original_id = placed.id
            AND reversed.seal <= coalesce(batch.marks[placed.shard + 1], 0)
    WHERE
        placed.side IS NOT NULL
        AND placed.seal <= coalesce(batch.marks[placed.shard + 1], 0)
        AND placed.seal > coalesce(batch.after[placed.shard + 1], 0)
        AND reversed.original_id IS NULL
    GROUP BY
        batch.institution, batch.terminal_id, batch.epoch, placed.in_points, placed.side
),

answered AS (
    SELECT
        batch.institution,
        batch.terminal_id,
        batch.epoch,
        place.in_points,
        place.side,
        CASE WHEN batch.with_points OR NOT place.in_points THEN summed.amount_minor END
            AS amount_minor,
        CASE WHEN batch.with_points OR NOT place.in_points THEN summed.items END AS items,
        batch.counted[place.at] AS counted_minor,
        batch.counted[place.at + 1] AS counted_items
    FROM batch
    CROSS JOIN (
        VALUES (1, false, 'debit'), (3, false, 'credit'), (5, true, 'debit'), (7, true, 'credit')
    ) AS place (at, in_points, side)
    LEFT JOIN summed USING (institution, terminal_id, epoch, in_points, side)
    WHERE batch.state <> 'awaiting_upload'
)

SELECT
    terminal_id,
    epoch,
    CASE WHEN in_points THEN %(points)s ELSE %(currency)s END AS unit,
    side,
    counted_minor,
    counted_items,
    coalesce(amount_minor, 0) AS journal_minor,
    coalesce(items, 0) AS journal_items
FROM answered
WHERE counted_minor <> coalesce(amount_minor, 0) OR counted_items <> coalesce(items, 0)
ORDER BY terminal_id, epoch, in_points, side
LIMIT %(limit)s;
