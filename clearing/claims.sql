-- What clients say they were told, laid beside the ledger. As in audit.sql, each question gives the
-- rows that break its rule; clearing.checks.CHECKS says which check asks it.

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
    coalesce(confirm.reason IN ('approved', 'posting_pending'), false) AS is_confirmed
FROM claim
LEFT JOIN posted ON posted.slot = claim.slot
LEFT JOIN exchange AS confirm ON confirm.slot = claim.confirm_slot
WHERE claim.moves_value;

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
-- What was posted is what the client asked for: kind, card, amount and unit. Points earned, and
-- the void of them, are asked for by another amount than is posted. Who was not told that a part
-- was approved knows what was asked. An external issuer's card is in no book of ours.
WITH posted AS (
    SELECT
        journal.*,
        'points_earn' IN (journal.kind, original.kind) AS is_earning,
        coalesce(
            exchange.reason = 'partly_approved'
            AND claim_state.told IS NULL
            AND journal.amount_minor < claim_state.amount_minor,
            false
        ) AS is_part
    FROM claim_state
    INNER JOIN journal ON journal.id = claim_state.journal_id
    LEFT JOIN exchange ON exchange.shard = journal.shard AND exchange.id = journal.id
    LEFT JOIN journal AS original
        ON original.shard = journal.shard AND original.id = journal.original_id
)

SELECT
    claim_state.slot,
    concat_ws(
        ', ',
        CASE
            WHEN posted.kind NOT IN (claim_state.kind, claim_state.kind || '_confirm')
                THEN format('kind %%s, not %%s', posted.kind, claim_state.kind)
        END,
        CASE
            WHEN posted.card_id NOT IN (claim_state.card_id, %(no_card)s)
                THEN format('card %%s, not %%s', posted.card_id, claim_state.card_id)
        END,
        CASE
            WHEN
                NOT coalesce(posted.is_earning, false)
                AND NOT posted.is_part
                AND posted.amount_minor <> claim_state.amount_minor
                THEN 'another amount'
        END,
        CASE
            WHEN
                NOT coalesce(posted.is_earning, false)
                AND NOT starts_with(posted.unit, claim_state.unit)
                THEN format('unit %%s, not %%s', posted.unit, claim_state.unit)
        END
    ) AS differs,
    posted.unit,
    posted.amount_minor,
    claim_state.unit AS claimed_unit,
    claim_state.amount_minor AS claimed_minor
FROM claim_state
INNER JOIN posted ON posted.id = claim_state.journal_id
WHERE
    posted.kind NOT IN (claim_state.kind, claim_state.kind || '_confirm')
    OR posted.card_id NOT IN (claim_state.card_id, %(no_card)s)
    OR (
        NOT coalesce(posted.is_earning, false)
        AND (
            (posted.amount_minor <> claim_state.amount_minor AND NOT posted.is_part)
            OR NOT starts_with(posted.unit, claim_state.unit)
        )
    )
ORDER BY claim_state.slot
LIMIT %(limit)s;

-- name: claim_told_otherwise
-- An answer with the stored answer's RRN says what the stored answer says; 94 is the exception,
-- it repeats the RRN of the exchange whose key was used again. An external issuer's RRN is its own,
-- kept in its advice.
WITH spelled AS (
    SELECT *
    FROM unnest(%(reasons)s::text[], %(codes)s::text[]) AS row_of (reason, code)
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
    AND exchange.card_id IS DISTINCT FROM %(no_card)s
    AND claim.told <> '94'
    AND (
        (exchange.id = claim.number AND spelled.code <> claim.told)
        OR (claim.told = '00' AND exchange.id IS DISTINCT FROM claim.number)
    )
ORDER BY claim.slot
LIMIT %(limit)s;

-- name: card_effect_not_its_claims
-- Card by card: what the claimed journals moved is what the client reckons. What a reversal took
-- from suspense, because the card had spent it, counts as taken from the card. Of an external
-- issuer's card we have no account.
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
    INNER JOIN ledger_account ON ledger_account.id = movement.account_id
    WHERE
        ledger_account.chart IN ('card_value', 'suspense')
        AND position(':' IN ledger_account.unit) = 0
    GROUP BY journal.card_id
)

SELECT
    claim_effect.card_id,
    %(currency)s AS unit,
    claim_effect.amount_minor,
    coalesce(moved.amount_minor, 0) AS moved_minor
FROM claim_effect
INNER JOIN card ON card.id = claim_effect.card_id
LEFT JOIN moved ON moved.card_id = claim_effect.card_id
WHERE claim_effect.amount_minor <> coalesce(moved.amount_minor, 0)
ORDER BY claim_effect.card_id
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
