-- The audit's questions. Each statement gives the rows that break its rule, none when all is well;
-- clearing.verify.CHECKS says which check asks it and how a row reads to people.

-- What a client says it was told. ---------------------------------------------------------

-- name: create_claim
-- Claims are compared by sets, so they stand beside the ledger until the audit's transaction ends.
CREATE TEMPORARY TABLE claim (
    slot text COLLATE "C" NOT NULL,
    confirm_slot text COLLATE "C" NOT NULL,
    reversal_slot text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    card_id bigint,
    amount_minor bigint NOT NULL,
    unit text NOT NULL,
    told text,
    number bigint,
    outcome text NOT NULL,
    moves_value boolean NOT NULL,
    reversal_sent boolean NOT NULL
) ON COMMIT DROP;

-- name: copy_claims
-- The fastest way in.
COPY claim FROM STDIN;

-- name: create_claim_effect
-- What the claims of a card amount to, in money.
CREATE TEMPORARY TABLE claim_effect (
    card_id bigint PRIMARY KEY,
    amount_minor bigint NOT NULL
) ON COMMIT DROP;

-- name: copy_claim_effects
-- Cards with a claim nobody can decide are left out by who reckons them.
COPY claim_effect FROM STDIN;

-- name: create_claim_state
-- Each claim that moves value with what the ledger knows of it. A cash load whose answer was lost
-- may be posted by its confirmation, so the two slots stand for one event.
CREATE TEMPORARY TABLE claim_state ON COMMIT DROP AS
WITH named AS (
    SELECT slot, slot AS posted_slot FROM claim
    UNION
    SELECT slot, confirm_slot AS posted_slot FROM claim
),

posted AS (
    SELECT
        named.slot,
        count(*) AS journals,
        count(*) FILTER (WHERE reversal.journal_id IS NULL) AS standing,
        max(journal.id) AS journal_id
    FROM named
    INNER JOIN journal ON journal.slot = named.posted_slot
    LEFT JOIN undo AS reversal
        ON
            reversal.shard = journal.shard
            AND reversal.original_id = journal.id
            AND reversal.kind = 'reversal'
    GROUP BY named.slot
)

SELECT
    claim.*,
    coalesce(posted.journals, 0) AS journals,
    coalesce(posted.standing, 0) AS standing,
    posted.journal_id,
    coalesce(confirm.reason = 'approved', false) AS is_confirmed
FROM claim
LEFT JOIN posted ON posted.slot = claim.slot
LEFT JOIN exchange AS confirm ON confirm.slot = claim.confirm_slot
WHERE claim.moves_value;

-- 1. Every approval a client received has exactly one journal. -------------------------------

-- name: approved_without_journal
-- An approval that the host stored, of a kind that always posts.
SELECT
    exchange.slot,
    exchange.kind
FROM exchange
LEFT JOIN journal ON journal.shard = exchange.shard AND journal.id = exchange.id
WHERE
    exchange.reason = 'approved'
    AND exchange.kind = any(%(posting_kinds)s)
    AND journal.id IS NULL
ORDER BY exchange.id
LIMIT %(limit)s;

-- name: claim_not_in_force
-- The client was told yes, so it is there once and no reversal took it back.
SELECT
    slot,
    kind,
    told,
    journals,
    standing
FROM claim_state
WHERE outcome = 'happened' AND (journals <> 1 OR standing <> 1)
ORDER BY slot
LIMIT %(limit)s;

-- name: claim_still_in_force
-- The client was told no, or that its reversal is done, so nothing of it stands.
SELECT
    slot,
    kind,
    told,
    reversal_sent,
    standing
FROM claim_state
WHERE outcome = 'not_in_force' AND standing <> 0
ORDER BY slot
LIMIT %(limit)s;

-- name: claim_says_otherwise
-- What was posted is what the client asked for: kind, card, amount and unit.
SELECT
    claim_state.slot,
    concat_ws(
        ', ',
        CASE
            WHEN journal.kind NOT IN (claim_state.kind, claim_state.kind || '_confirm')
                THEN format('kind %%s, not %%s', journal.kind, claim_state.kind)
        END,
        CASE
            WHEN journal.card_id <> claim_state.card_id
                THEN format('card %%s, not %%s', journal.card_id, claim_state.card_id)
        END,
        CASE
            WHEN journal.amount_minor <> claim_state.amount_minor
                THEN format('amount %%s, not %%s', journal.amount_minor, claim_state.amount_minor)
        END,
        CASE
            WHEN NOT starts_with(journal.unit, claim_state.unit)
                THEN format('unit %%s, not %%s', journal.unit, claim_state.unit)
        END
    ) AS differs
FROM claim_state
INNER JOIN journal ON journal.id = claim_state.journal_id
WHERE
    journal.kind NOT IN (claim_state.kind, claim_state.kind || '_confirm')
    OR journal.card_id <> claim_state.card_id
    OR journal.amount_minor <> claim_state.amount_minor
    OR NOT starts_with(journal.unit, claim_state.unit)
ORDER BY claim_state.slot
LIMIT %(limit)s;

-- name: claim_told_otherwise
-- An answer with the stored answer's RRN says what the stored answer says; 94 is the exception,
-- it repeats the RRN of the exchange whose key was used again.
WITH spelled AS (
    SELECT *
    FROM unnest(%(reasons)s::text [], %(codes)s::text []) AS row_of (reason, code)
)

SELECT
    claim.slot,
    claim.told,
    spelled.code
FROM claim
INNER JOIN exchange ON exchange.slot = claim.slot
INNER JOIN spelled ON spelled.reason = exchange.reason
WHERE
    NOT exchange.is_tombstone
    AND claim.told <> '94'
    AND (
        (exchange.id = claim.number AND spelled.code <> claim.told)
        OR (claim.told = '00' AND exchange.id IS DISTINCT FROM claim.number)
    )
ORDER BY claim.slot
LIMIT %(limit)s;

-- name: card_effect_not_its_claims
-- Card by card: what the claimed journals moved is what the client reckons. What a reversal took
-- from suspense, because the card had spent it, counts as taken from the card.
WITH named AS (
    SELECT slot FROM claim WHERE card_id IS NOT NULL
    UNION
    SELECT confirm_slot FROM claim WHERE card_id IS NOT NULL
    UNION
    SELECT reversal_slot FROM claim WHERE card_id IS NOT NULL
),

moved AS (
    SELECT
        journal.card_id,
        sum(movement.amount_minor) AS amount_minor
    FROM named
    INNER JOIN journal ON journal.slot = named.slot
    INNER JOIN movement
        ON movement.shard = journal.shard AND movement.journal_id = journal.id
    INNER JOIN account ON account.id = movement.account_id
    WHERE
        account.chart IN ('card_value', 'suspense')
        AND NOT starts_with(account.unit, 'P:')
    GROUP BY journal.card_id
)

SELECT
    claim_effect.card_id,
    claim_effect.amount_minor,
    coalesce(moved.amount_minor, 0) AS moved_minor
FROM claim_effect
LEFT JOIN moved ON moved.card_id = claim_effect.card_id
WHERE claim_effect.amount_minor <> coalesce(moved.amount_minor, 0)
ORDER BY claim_effect.card_id
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
            CASE WHEN exchange.reason <> 'approved' THEN 'reason' END,
            CASE WHEN exchange.is_tombstone THEN 'tombstone' END,
            CASE WHEN exchange.kind <> journal.kind THEN 'kind' END,
            CASE WHEN exchange.card_id IS DISTINCT FROM journal.card_id THEN 'card' END,
            CASE WHEN exchange.terminal_id <> journal.terminal_id THEN 'terminal' END,
            CASE WHEN exchange.business_date <> journal.business_date THEN 'date' END
        )
    END AS differs
FROM journal
LEFT JOIN exchange ON exchange.home = journal.home AND exchange.slot = journal.slot
WHERE
    exchange.slot IS NULL
    OR exchange.id <> journal.id
    OR exchange.shard <> journal.shard
    OR exchange.seal <> journal.seal
    OR exchange.reason <> 'approved'
    OR exchange.is_tombstone
    OR exchange.kind <> journal.kind
    OR exchange.card_id IS DISTINCT FROM journal.card_id
    OR exchange.terminal_id <> journal.terminal_id
    OR exchange.business_date <> journal.business_date
ORDER BY journal.id
LIMIT %(limit)s;

-- name: journal_not_its_entries
-- A journal has entries, and those in its own unit make its amount.
SELECT
    journal.shard,
    journal.id,
    journal.amount_minor,
    journal.unit,
    coalesce(summed.amount_minor, 0) AS entries_minor
FROM journal
LEFT JOIN (
    SELECT
        shard,
        journal_id,
        unit,
        sum(amount_minor) AS amount_minor
    FROM entry
    GROUP BY shard, journal_id, unit
) AS summed
    ON
        summed.shard = journal.shard
        AND summed.journal_id = journal.id
        AND summed.unit = journal.unit
WHERE summed.amount_minor IS DISTINCT FROM journal.amount_minor
ORDER BY journal.id
LIMIT %(limit)s;

-- name: entry_without_journal
-- An entry belongs to a journal of its own date.
SELECT
    entry.shard,
    entry.journal_id,
    entry.leg
FROM entry
LEFT JOIN journal ON journal.shard = entry.shard AND journal.id = entry.journal_id
WHERE journal.id IS NULL OR journal.business_date <> entry.business_date
ORDER BY entry.journal_id, entry.leg
LIMIT %(limit)s;

-- name: exchange_out_of_place
-- A number says its business date and a slot its terminal; both were known to the house.
SELECT
    exchange.slot,
    exchange.id
FROM exchange
LEFT JOIN business_day ON business_day.business_date = exchange.business_date
WHERE
    business_day.business_date IS NULL
    OR exchange.id / %(numbers_per_day)s <> exchange.business_date - %(day_zero)s::date
    OR (
        exchange.kind <> 'opening'
        AND exchange.terminal_id <> split_part(exchange.slot, '/', 2)
    )
ORDER BY exchange.id
LIMIT %(limit)s;

-- name: journal_nobody_claims
-- In a terminal batch that a client kept a record of, every posting is in its record.
WITH named AS (
    SELECT slot FROM claim
    UNION
    SELECT confirm_slot FROM claim
    UNION
    SELECT reversal_slot FROM claim
),

batch AS (
    SELECT DISTINCT
        split_part(slot, '/', 1) AS institution,
        split_part(slot, '/', 2) AS terminal_id,
        split_part(slot, '/', 3) AS epoch
    FROM claim
)

SELECT
    journal.shard,
    journal.id,
    journal.slot
FROM journal
INNER JOIN batch
    ON
        batch.institution = split_part(journal.slot, '/', 1)
        AND batch.terminal_id = split_part(journal.slot, '/', 2)
        AND batch.epoch = split_part(journal.slot, '/', 3)
LEFT JOIN named ON named.slot = journal.slot
WHERE named.slot IS NULL
ORDER BY journal.id
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
    account.unit,
    sum(movement.amount_minor) AS amount_minor
FROM movement
INNER JOIN account ON account.id = movement.account_id
GROUP BY account.unit
HAVING sum(movement.amount_minor) <> 0
ORDER BY account.unit
LIMIT %(limit)s;

-- name: entry_between_units
-- The rows behind it: an account that is missing, or keeps another unit than its entry.
SELECT
    entry.shard,
    entry.journal_id,
    entry.leg,
    entry.unit,
    coalesce(debit.unit, 'none') AS debit_unit,
    coalesce(credit.unit, 'none') AS credit_unit
FROM entry
LEFT JOIN account AS debit ON debit.id = entry.debit_account
LEFT JOIN account AS credit ON credit.id = entry.credit_account
WHERE debit.unit IS DISTINCT FROM entry.unit OR credit.unit IS DISTINCT FROM entry.unit
ORDER BY entry.journal_id, entry.leg
LIMIT %(limit)s;

-- 5. Every stored balance equals its entries. -------------------------------------------------

-- name: balance_not_its_entries
-- Every card account has a balance, and no other account; it is the sum of its entries.
SELECT
    coalesce(account.id, balance.account_id) AS account_id,
    account.card_id,
    balance.posted_minor,
    coalesce(summed.amount_minor, 0) AS entries_minor
FROM balance
FULL JOIN account ON account.shard = balance.shard AND account.id = balance.account_id
LEFT JOIN (
    SELECT
        account_id,
        sum(amount_minor) AS amount_minor
    FROM movement
    GROUP BY account_id
) AS summed ON summed.account_id = coalesce(account.id, balance.account_id)
WHERE
    (account.card_id IS NOT NULL OR balance.account_id IS NOT NULL)
    AND balance.posted_minor IS DISTINCT FROM coalesce(summed.amount_minor, 0)
ORDER BY 1
LIMIT %(limit)s;

-- name: hold_without_record
-- Nothing holds value yet, so whatever is held was held by hand.
SELECT
    account_id,
    held_minor
FROM balance
WHERE held_minor <> 0
ORDER BY account_id
LIMIT %(limit)s;

-- name: checkpoint_not_its_entries
-- Every cleared date has a checkpoint for each account that moved on it, the sum of its entries.
WITH daily AS (
    SELECT
        account_id,
        business_date,
        sum(amount_minor) AS amount_minor
    FROM movement
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
    checkpoint.balance_minor,
    running.balance_minor AS entries_minor
FROM running
FULL JOIN checkpoint USING (account_id, business_date)
LEFT JOIN clearing_step USING (business_date)
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
    posted_minor,
    held_minor,
    floor_minor
FROM balance
WHERE posted_minor - held_minor < floor_minor OR held_minor < 0
ORDER BY account_id
LIMIT %(limit)s;

-- 7. The hash chain verifies. -----------------------------------------------------------------

-- name: seals
-- Every seal in order; read row by row.
SELECT
    shard,
    seq,
    previous,
    digest,
    items
FROM seal
ORDER BY shard, seq;

-- name: sealed_rows
-- What the seals cover, in the order they cover it: exchanges by number, each with its journal
-- and its entries. Read row by row; an exchange comes once for each of its entries.
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
    entry.unit
FROM exchange
LEFT JOIN journal ON journal.shard = exchange.shard AND journal.id = exchange.id
LEFT JOIN entry ON entry.shard = journal.shard AND entry.journal_id = journal.id
ORDER BY exchange.shard, exchange.seal, exchange.id, exchange.slot, entry.leg;

-- name: seal_of_another_date
-- A batch has one business date, and everything in it has that one.
SELECT DISTINCT
    exchange.shard,
    exchange.seal
FROM exchange
INNER JOIN seal ON seal.shard = exchange.shard AND seal.seq = exchange.seal
WHERE seal.business_date <> exchange.business_date
ORDER BY exchange.shard, exchange.seal
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

-- 8. Every timed-out request ends as one of three. --------------------------------------------

-- name: claim_in_doubt
-- The client was not told. Either nothing of it stands, or it stands once and its confirmation
-- was approved.
SELECT
    slot,
    kind,
    journals,
    standing
FROM claim_state
WHERE
    outcome = 'unknown'
    AND (standing > 1 OR journals > 1 OR (standing = 1 AND NOT is_confirmed))
ORDER BY slot
LIMIT %(limit)s;

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
    original.id IS NULL
    OR undoing.id IS NULL
    OR undoing.kind <> undo.kind
    OR undoing.original_id IS DISTINCT FROM undo.original_id
    OR undoing.card_id <> original.card_id
    OR undoing.amount_minor <> undo.amount_minor
ORDER BY undo.journal_id
LIMIT %(limit)s;

-- name: undoing_journal_without_fact
-- A journal that undoes is known to its original, else the original could be undone again.
SELECT
    journal.shard,
    journal.id,
    journal.kind
FROM journal
LEFT JOIN undo ON undo.shard = journal.shard AND undo.journal_id = journal.id
WHERE
    (journal.kind IN ('void', 'refund', 'reversal') OR journal.original_id IS NOT NULL)
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
    WHERE reversal.journal_id IS NULL
)

SELECT
    standing.shard,
    standing.original_id,
    count(*) FILTER (WHERE standing.kind <> 'refund') AS wholes,
    coalesce(sum(standing.amount_minor) FILTER (WHERE standing.kind = 'refund'), 0)
        AS refunded_minor,
    original.amount_minor
FROM standing
INNER JOIN journal AS original
    ON original.shard = standing.shard AND original.id = standing.original_id
GROUP BY standing.shard, standing.original_id, original.amount_minor
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
    WHERE kind <> 'refund'
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
    shard,
    journal_id,
    account_id,
    coalesce(taken.amount_minor, 0) AS taken_minor,
    coalesce(given.amount_minor, 0) AS given_minor
FROM taken
FULL JOIN given USING (shard, journal_id, account_id)
WHERE taken.amount_minor IS DISTINCT FROM given.amount_minor
ORDER BY journal_id, account_id
LIMIT %(limit)s;

-- name: undo_by_other_accounts
-- What undoes moves along the original's own legs, or from suspense where the card had spent it.
SELECT
    entry.shard,
    entry.journal_id,
    entry.leg
FROM undo
INNER JOIN entry ON entry.shard = undo.shard AND entry.journal_id = undo.journal_id
INNER JOIN account AS debit ON debit.id = entry.debit_account
LEFT JOIN entry AS original
    ON
        original.shard = undo.shard
        AND original.journal_id = undo.original_id
        AND original.debit_account = entry.credit_account
        AND original.unit = entry.unit
        AND (original.credit_account = entry.debit_account OR debit.chart = 'suspense')
WHERE original.journal_id IS NULL
ORDER BY entry.journal_id, entry.leg
LIMIT %(limit)s;

-- 9. The sum of points lots is the points balance. --------------------------------------------

-- name: lots_not_the_balance
-- Account by account.
SELECT
    coalesce(account.id, summed.account_id) AS account_id,
    balance.posted_minor,
    coalesce(summed.remaining, 0) AS lots
FROM (SELECT * FROM account WHERE chart = 'card_points') AS account
INNER JOIN balance ON balance.shard = account.shard AND balance.account_id = account.id
FULL JOIN (
    SELECT
        account_id,
        sum(remaining) AS remaining
    FROM lot
    GROUP BY account_id
) AS summed ON summed.account_id = account.id
WHERE balance.posted_minor IS DISTINCT FROM coalesce(summed.remaining, 0)
ORDER BY 1
LIMIT %(limit)s;

-- name: lot_not_its_uses
-- What is left in a lot is what it began with less what journals took.
SELECT
    coalesce(lot.account_id, used.account_id) AS account_id,
    coalesce(lot.id, used.lot_id) AS lot_id,
    lot.remaining,
    lot.points - coalesce(used.points, 0) AS expected
FROM lot
FULL JOIN (
    SELECT
        shard,
        account_id,
        lot_id,
        sum(points) AS points
    FROM lot_use
    GROUP BY shard, account_id, lot_id
) AS used
    ON used.shard = lot.shard AND used.account_id = lot.account_id AND used.lot_id = lot.id
WHERE lot.remaining IS DISTINCT FROM lot.points - coalesce(used.points, 0) OR lot.id IS NULL
ORDER BY 1, 2
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
    INNER JOIN account ON account.id = movement.account_id
    WHERE account.chart = 'card_points'
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

-- 10. Clearing's positions are the journal of the day. ----------------------------------------

-- name: position_not_the_journal
-- Every netted date, computed again from the entries.
WITH netted AS (
    SELECT business_date FROM clearing_step WHERE step = 'net'
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
FULL JOIN (
    SELECT day_position.*
    FROM day_position
    INNER JOIN netted USING (business_date)
) AS ledger USING (business_date, merchant_id, issuer_id, unit, chart)
WHERE
    (position.debit_minor, position.credit_minor, position.entries)
    IS DISTINCT FROM (ledger.debit_minor, ledger.credit_minor, ledger.entries)
ORDER BY business_date, merchant_id, issuer_id
LIMIT %(limit)s;

-- name: turnover_not_the_journal
-- Every trial balance, computed again from the entries.
WITH balanced AS (
    SELECT business_date FROM clearing_step WHERE step = 'trial_balance'
)

SELECT
    business_date,
    chart,
    unit
FROM trial_balance
FULL JOIN (
    SELECT day_turnover.*
    FROM day_turnover
    INNER JOIN balanced USING (business_date)
) AS ledger USING (business_date, chart, unit)
WHERE
    (trial_balance.debit_minor, trial_balance.credit_minor)
    IS DISTINCT FROM (ledger.debit_minor, ledger.credit_minor)
ORDER BY business_date, chart, unit
LIMIT %(limit)s;

-- name: journal_of_other_parties
-- The accounts that a journal moved are its own card's, merchant's and issuer's.
SELECT DISTINCT
    journal.shard,
    journal.id
FROM journal
INNER JOIN movement ON movement.shard = journal.shard AND movement.journal_id = journal.id
INNER JOIN account ON account.id = movement.account_id
INNER JOIN card ON card.id = journal.card_id
WHERE
    account.card_id <> journal.card_id
    OR account.merchant_id <> journal.merchant_id
    OR account.issuer_id <> journal.issuer_id
    OR card.issuer_id <> journal.issuer_id
ORDER BY journal.id
LIMIT %(limit)s;
