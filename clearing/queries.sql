-- Statements of the night. Names are what clearing's modules call them by.

-- Which business date. --------------------------------------------------------------------

-- name: oldest_unfinished
-- A closed business date whose clearing was interrupted comes before any other.
SELECT business_day.business_date
FROM business_day
LEFT JOIN clearing_run USING (business_date)
WHERE business_day.state = 'closed' AND clearing_run.completed_at IS NULL
ORDER BY business_day.business_date
LIMIT 1;

-- name: open_date
-- The open business date, and whether anything was asked under it yet.
SELECT
    business_date,
    exists(SELECT FROM exchange WHERE exchange.business_date = business_day.business_date)
        AS has_traded
FROM business_day
WHERE state = 'open';

-- name: last_completed
-- What a second run without a date shows again.
SELECT max(business_date) FROM clearing_run WHERE completed_at IS NOT NULL;

-- name: state_of
-- Whether a business date is open, closed, or none of ours (no row).
SELECT state FROM business_day WHERE business_date = %(business_date)s;

-- The run and its steps. ------------------------------------------------------------------

-- name: begin_run
-- The date's row stands before its first step and is what a second night waits for.
INSERT INTO clearing_run (business_date, started_at) VALUES (%(business_date)s, now())
ON CONFLICT (business_date) DO NOTHING;

-- name: hold_run
-- Two nights of one date take turns, step by step.
SELECT completed_at FROM clearing_run WHERE business_date = %(business_date)s FOR UPDATE;

-- name: step_detail
-- A recorded step is a finished one: it then only compares.
SELECT detail FROM clearing_step WHERE business_date = %(business_date)s AND step = %(step)s;

-- name: record_step
-- In the transaction of the step's own work.
INSERT INTO clearing_step (business_date, step, finished_at, detail)
VALUES (%(business_date)s, %(step)s, now(), %(detail)s);

-- name: complete_run
-- After the last step; a second run leaves the first time as it is.
UPDATE clearing_run SET completed_at = now()
WHERE business_date = %(business_date)s AND completed_at IS NULL;

-- Cut-off. --------------------------------------------------------------------------------

-- name: lock_timeout
-- All trade waits behind us while we wait for its last batch, so we wait briefly or give way.
SELECT set_config('lock_timeout', %(milliseconds)s, true);

-- name: wait_for_batches
-- Writers hold it shared for a batch: once it is ours, no batch of the old date is in flight.
SELECT pg_advisory_xact_lock(%(lock_class)s, %(lock)s);

-- name: close_day
-- Nothing commits under this date after us.
UPDATE business_day SET state = 'closed', closed_at = clock_timestamp()
WHERE business_date = %(business_date)s AND state = 'open';

-- name: open_next_day
-- From here on everything commits under the next date.
INSERT INTO business_day (business_date, state, opened_at)
VALUES (%(business_date)s::date + 1, 'open', clock_timestamp());

-- Netting. --------------------------------------------------------------------------------

-- name: insert_positions
-- One row for each merchant, issuer, unit and account kind that moved.
INSERT INTO position (
    business_date, merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor
)
SELECT business_date, merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor
FROM day_position
WHERE business_date = %(business_date)s;

-- name: changed_positions
-- A closed date cannot move: stored positions equal what the ledger says now.
(
    SELECT * FROM position WHERE business_date = %(business_date)s
    EXCEPT
    SELECT * FROM day_position WHERE business_date = %(business_date)s
)
UNION ALL
(
    SELECT * FROM day_position WHERE business_date = %(business_date)s
    EXCEPT
    SELECT * FROM position WHERE business_date = %(business_date)s
);

-- name: net_positions
-- What the summary shows: positive is what the issuer owes the merchant.
SELECT
    merchant.merchant_id AS merchant,
    issuer.institution_id AS issuer,
    position.unit,
    sum(position.entries)::bigint AS entries,
    sum(position.debit_minor)::bigint AS debit_minor,
    sum(position.credit_minor)::bigint AS credit_minor
FROM position
INNER JOIN merchant ON merchant.id = position.merchant_id
INNER JOIN issuer ON issuer.id = position.issuer_id
WHERE position.business_date = %(business_date)s
GROUP BY merchant.merchant_id, issuer.institution_id, position.unit
ORDER BY merchant.merchant_id COLLATE "C", issuer.institution_id COLLATE "C", position.unit;

-- Trial balance. --------------------------------------------------------------------------

-- name: insert_trial_balance
-- The date's turnover by account kind.
INSERT INTO trial_balance (business_date, chart, unit, debit_minor, credit_minor)
SELECT business_date, chart, unit, debit_minor, credit_minor
FROM day_turnover
WHERE business_date = %(business_date)s;

-- name: changed_turnover
-- A closed date cannot move: stored turnover equals what the ledger says now.
(
    SELECT * FROM trial_balance WHERE business_date = %(business_date)s
    EXCEPT
    SELECT * FROM day_turnover WHERE business_date = %(business_date)s
)
UNION ALL
(
    SELECT * FROM day_turnover WHERE business_date = %(business_date)s
    EXCEPT
    SELECT * FROM trial_balance WHERE business_date = %(business_date)s
);

-- name: turnover_by_unit
-- Debits and credits of a unit are equal unless an account is missing or in another unit.
SELECT
    unit,
    sum(debit_minor)::bigint AS debit_minor,
    sum(credit_minor)::bigint AS credit_minor
FROM trial_balance
WHERE business_date = %(business_date)s
GROUP BY unit
ORDER BY unit;

-- name: wrong_balances
-- Stored balances of accounts that moved on the date: last checkpoint and all entries since.
WITH moved AS (
    SELECT
        account_id,
        sum(amount_minor) AS amount_minor
    FROM movement
    WHERE business_date >= %(business_date)s
    GROUP BY account_id
)

SELECT
    balance.account_id,
    balance.posted_minor,
    (moved.amount_minor + coalesce(before.balance_minor, 0))::bigint AS entries_minor
FROM moved
INNER JOIN balance ON balance.account_id = moved.account_id
LEFT JOIN LATERAL (
    SELECT checkpoint.balance_minor
    FROM checkpoint
    WHERE
        checkpoint.account_id = moved.account_id
        AND checkpoint.business_date < %(business_date)s
    ORDER BY checkpoint.business_date DESC
    LIMIT 1
) AS before ON true
WHERE balance.posted_minor <> moved.amount_minor + coalesce(before.balance_minor, 0)
ORDER BY balance.account_id
LIMIT 20;

-- Files. ----------------------------------------------------------------------------------

-- name: file_items
-- One row for each journal and unit that moved something between a merchant and an issuer. What an
-- external issuer decided is named as it knows it.
WITH between_parties AS (
    SELECT
        movement.shard,
        movement.journal_id,
        account.merchant_id,
        account.issuer_id,
        account.unit,
        sum(movement.amount_minor) AS amount_minor
    FROM movement
    INNER JOIN account ON account.id = movement.account_id
    WHERE
        movement.business_date = %(business_date)s
        AND account.merchant_id IS NOT NULL
        AND account.issuer_id IS NOT NULL
    GROUP BY
        movement.shard, movement.journal_id,
        account.merchant_id, account.issuer_id, account.unit
),

points AS (
    SELECT
        movement.shard,
        movement.journal_id,
        -sum(movement.amount_minor) AS earned
    FROM movement
    INNER JOIN account ON account.id = movement.account_id
    WHERE movement.business_date = %(business_date)s AND account.chart = 'points_issued'
    GROUP BY movement.shard, movement.journal_id
)

SELECT
    journal.id AS number,
    journal.kind,
    journal.terminal_id,
    split_part(journal.slot, '/', 3) AS batch,
    split_part(journal.slot, '/', 4) AS trace,
    merchant.merchant_id AS merchant,
    issuer.institution_id AS issuer,
    coalesce(card.pan_masked, advice.pan_masked, original_advice.pan_masked, '') AS card,
    journal.original_id AS original,
    between_parties.unit,
    between_parties.amount_minor::bigint AS amount_minor,
    CASE
        WHEN between_parties.unit = journal.unit THEN coalesce(points.earned, 0)
        ELSE 0
    END::bigint AS points_earned,
    advice.reference,
    original_advice.reference AS original_reference
FROM between_parties
INNER JOIN journal
    ON journal.shard = between_parties.shard AND journal.id = between_parties.journal_id
LEFT JOIN card ON card.id = journal.card_id
LEFT JOIN advice ON advice.shard = journal.shard AND advice.journal_id = journal.id
LEFT JOIN advice AS original_advice
    ON
        original_advice.shard = journal.shard
        AND original_advice.journal_id = journal.original_id
INNER JOIN merchant ON merchant.id = between_parties.merchant_id
INNER JOIN issuer ON issuer.id = between_parties.issuer_id
LEFT JOIN points
    ON points.shard = between_parties.shard AND points.journal_id = between_parties.journal_id
ORDER BY
    merchant.merchant_id COLLATE "C",
    journal.id,
    issuer.institution_id COLLATE "C",
    between_parties.unit COLLATE "C";

-- name: read_to_the_end
-- A cursor is planned for its first rows unless told; ours are read whole.
SELECT set_config('cursor_tuple_fraction', '1', true);

-- name: parties
-- Who gets a file although nothing moved: everybody who may trade.
SELECT 'merchant' AS side, merchant_id AS party FROM merchant WHERE is_active
UNION ALL
SELECT 'issuer', institution_id FROM issuer WHERE is_active;

-- name: recorded_files
-- What was written for the date: a second run writes the same or says that it cannot.
SELECT name, side, party, items, sha256
FROM clearing_file
WHERE business_date = %(business_date)s
ORDER BY name COLLATE "C";

-- name: record_file
-- After the file is whole on disk under its name.
INSERT INTO clearing_file (business_date, name, side, party, items, sha256)
VALUES (
    %(business_date)s, %(name)s, %(side)s, %(party)s, %(items)s, %(sha256)s
);

-- Checkpoint. -----------------------------------------------------------------------------

-- name: insert_checkpoints
-- The balance at the end of the date of every account that moved on it.
INSERT INTO checkpoint (account_id, business_date, balance_minor)
SELECT
    moved.account_id,
    %(business_date)s::date,
    moved.amount_minor + coalesce(before.balance_minor, 0)
FROM (
    SELECT
        account_id,
        sum(amount_minor) AS amount_minor
    FROM movement
    WHERE business_date = %(business_date)s
    GROUP BY account_id
) AS moved
LEFT JOIN LATERAL (
    SELECT checkpoint.balance_minor
    FROM checkpoint
    WHERE
        checkpoint.account_id = moved.account_id
        AND checkpoint.business_date < %(business_date)s
    ORDER BY checkpoint.business_date DESC
    LIMIT 1
) AS before ON true;

-- name: insert_checkpoint_seals
-- Where each shard's hash chain ended with the date.
INSERT INTO checkpoint_seal (business_date, shard, seq, digest)
SELECT DISTINCT ON (shard)
    %(business_date)s::date,
    shard,
    seq,
    digest
FROM seal
WHERE business_date <= %(business_date)s
ORDER BY shard ASC, seq DESC;

-- name: count_checkpoints
-- For the step's detail.
SELECT
    (SELECT count(*) FROM checkpoint WHERE business_date = %(business_date)s) AS accounts,
    (SELECT count(*) FROM checkpoint_seal WHERE business_date = %(business_date)s) AS shards;
