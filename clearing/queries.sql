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
-- The open business date, and whether anything was asked under it yet: then the last seal of some
-- shard is of that date, for what is asked is sealed, and dates only rise.
SELECT
    business_day.business_date,
    exists(
        SELECT
        FROM unnest(%(shards)s::smallint []) AS wanted (shard)
        CROSS JOIN
            LATERAL (
                SELECT seal.business_date
                FROM seal
                WHERE seal.shard = wanted.shard
                ORDER BY seal.seq DESC
                LIMIT 1
            ) AS last
        WHERE last.business_date = business_day.business_date
    ) AS has_traded
FROM business_day
WHERE business_day.state = 'open';

-- name: last_completed
-- What a second run without a date shows again.
SELECT max(business_date) FROM clearing_run WHERE completed_at IS NOT NULL;

-- name: state_of
-- Whether a business date is open, closed, or none of ours (no row).
SELECT state FROM business_day WHERE business_date = %(business_date)s;

-- The run and its steps. ------------------------------------------------------------------

-- name: take_turn
-- One run at a time; the connection says whose it is.
SELECT
    pg_try_advisory_lock(%(lock_class)s, %(lock)s) AS is_ours,
    set_config('application_name', %(who)s, false) AS who;

-- name: say_step
-- Which step it is at, seen by others while its transaction is open.
SELECT set_config('application_name', %(who)s, false);

-- name: who_runs
-- Whose connection holds the night, since when it is at a step, and of what it copies out how
-- many rows are done.
SELECT
    holder.application_name AS who,
    holder.backend_start AS since,
    holder.xact_start AS step_since,
    copied.tuples_processed AS rows_done
FROM pg_locks AS held
INNER JOIN pg_stat_activity AS holder ON held.pid = holder.pid
LEFT JOIN pg_stat_progress_copy AS copied ON held.pid = copied.pid
WHERE
    held.locktype = 'advisory'
    AND held.classid = %(lock_class)s::bigint::oid
    AND held.objid = %(lock)s::bigint::oid
    AND held.granted
    AND held.pid <> pg_backend_pid()
ORDER BY holder.backend_start
LIMIT 1;

-- name: end_turn
-- The next one may.
SELECT pg_advisory_unlock(%(lock_class)s, %(lock)s);

-- name: begin_run
-- The date's row stands before its first step and is what a second night waits for.
-- notes: clearing_run
INSERT INTO clearing_run AS t (business_date, started_at) VALUES (%(business_date)s, now())
ON CONFLICT (business_date) DO NOTHING;

-- name: hold_run
-- Two nights of one date take turns, step by step.
SELECT completed_at FROM clearing_run WHERE business_date = %(business_date)s FOR UPDATE;

-- name: steps_recorded
-- A recorded step is a finished one: it then only compares.
SELECT
    step,
    read_digest,
    left_digest
FROM clearing_step
WHERE business_date = %(business_date)s;

-- name: record_step
-- In the transaction of the step's own work.
-- notes: clearing_step
INSERT INTO clearing_step AS t (
    business_date, step, finished_at, detail, read_digest, left_digest, taken_by
)
VALUES (
    %(business_date)s, %(step)s, now(), %(detail)s, %(read)s, %(left)s, %(who)s
);

-- name: complete_run
-- After the last step; a second run leaves the first time as it is.
-- notes: clearing_run
UPDATE clearing_run AS t SET completed_at = now()
WHERE t.business_date = %(business_date)s AND t.completed_at IS NULL;

-- Cut-off. --------------------------------------------------------------------------------

-- name: lock_timeout
-- All trade waits behind us while we wait for its last batch, so we wait briefly or give way.
SELECT set_config('lock_timeout', %(milliseconds)s, true);

-- name: wait_for_batches
-- Writers hold it shared for a batch: once it is ours, no batch of the old date is in flight.
SELECT pg_advisory_xact_lock(%(lock_class)s, %(lock)s);

-- name: close_day
-- Nothing commits under this date after us.
-- notes: business_day
UPDATE business_day AS t SET state = 'closed', closed_at = clock_timestamp()
WHERE t.business_date = %(business_date)s AND t.state = 'open';

-- name: open_next_day
-- From here on everything commits under the next date.
-- notes: business_day
INSERT INTO business_day AS t (business_date, state, opened_at)
VALUES (%(business_date)s::date + 1, 'open', clock_timestamp());

-- name: drop_day_account
-- The run has ended, or another that was killed on this connection had.
DROP TABLE IF EXISTS day_account;

-- name: drop_day_line
-- As above.
DROP TABLE IF EXISTS day_line;

-- name: drop_day_given
-- As above.
DROP TABLE IF EXISTS day_given;

-- name: drop_day_place
-- As above.
DROP TABLE IF EXISTS day_place;

-- name: drop_day_fee_choice
-- As above.
DROP TABLE IF EXISTS day_fee_choice;

-- name: drop_day_priced
-- As above.
DROP TABLE IF EXISTS day_priced;

-- name: drop_day_sum
-- As above.
DROP TABLE IF EXISTS day_sum;

-- The date's summary. ---------------------------------------------------------------------

-- name: shards
-- The shards that the ledger has rows of: one step of the index for each.
WITH RECURSIVE found AS (
    (SELECT shard FROM seal ORDER BY shard LIMIT 1)
    UNION ALL
    SELECT
        (
            SELECT seal.shard FROM seal
            WHERE seal.shard > found.shard
            ORDER BY seal.shard
            LIMIT 1
        )
    FROM found
    WHERE found.shard IS NOT NULL
)

SELECT shard FROM found WHERE shard IS NOT NULL;

-- name: planned_by
-- What the server goes by now.
SELECT current_setting(told.name) AS value
FROM unnest(%(names)s::text []) WITH ORDINALITY AS told (name, place)
ORDER BY told.place;

-- name: plan_by
-- And what it is to go by, until it is told again or the transaction ends.
SELECT set_config(told.name, told.value, true)
FROM unnest(%(names)s::text [], %(values)s::text []) AS told (name, value);

-- name: lay_out_accounts
-- What the date moved on each account, from which everything below derives: a range of the key in
-- each shard, for a number says its date. A card's accounts are moved in the one shard that is
-- kept of them. Each side has one row of an account at most. It stands for as long as the run does.
CREATE TEMPORARY TABLE day_account AS
WITH side AS (
    SELECT
        debit_account AS account_id,
        max(shard) AS shard,
        count(*) AS entries,
        bigint_sum(amount_minor) AS debit_minor,
        0::bigint AS credit_minor
    FROM entry
    WHERE
        shard = any(%(shards)s::smallint [])
        AND journal_id >= %(first_number)s
        AND journal_id < %(end_number)s
    GROUP BY debit_account
    UNION ALL
    SELECT
        credit_account,
        max(shard) AS shard,
        count(*) AS entries,
        0::bigint AS debit_minor,
        bigint_sum(amount_minor) AS credit_minor
    FROM entry
    WHERE
        shard = any(%(shards)s::smallint [])
        AND journal_id >= %(first_number)s
        AND journal_id < %(end_number)s
    GROUP BY credit_account
)

SELECT
    account_id,
    max(shard) AS shard,
    bigint_sum(entries) AS entries,
    max(debit_minor) AS debit_minor,
    max(credit_minor) AS credit_minor
FROM side
GROUP BY account_id;

-- name: sum_up_posted
-- What the night has posted since.
WITH posted AS (
    SELECT
        account_id,
        count(*) AS entries,
        coalesce(-bigint_sum(amount_minor) FILTER (WHERE amount_minor < 0), 0) AS debit_minor,
        coalesce(bigint_sum(amount_minor) FILTER (WHERE amount_minor > 0), 0) AS credit_minor
    FROM movement
    WHERE
        shard = %(night_shard)s
        AND journal_id >= %(first_posted)s
        AND journal_id <= %(last_posted)s
    GROUP BY account_id
),

grown AS (
    UPDATE day_account AS t SET
        entries = t.entries + posted.entries,
        debit_minor = t.debit_minor + posted.debit_minor,
        credit_minor = t.credit_minor + posted.credit_minor
    FROM posted
    WHERE posted.account_id = t.account_id
    RETURNING t.account_id
)

INSERT INTO day_account (account_id, shard, entries, debit_minor, credit_minor)
SELECT
    posted.account_id,
    %(night_shard)s AS shard,
    posted.entries,
    posted.debit_minor,
    posted.credit_minor
FROM posted
WHERE posted.account_id NOT IN (SELECT grown.account_id FROM grown);

-- name: analyze_accounts
-- Joins are planned for the rows that are there.
ANALYZE day_account;

-- Netting. --------------------------------------------------------------------------------

-- name: insert_positions
-- One row for each merchant, issuer, unit and account kind that moved: each has one account.
-- notes: position together
INSERT INTO position AS t (
    business_date, merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor
)
SELECT
    %(business_date)s::date AS business_date,
    account.merchant_id,
    account.issuer_id,
    account.unit,
    account.chart,
    day_account.entries,
    day_account.debit_minor,
    day_account.credit_minor
FROM day_account
INNER JOIN account ON account.id = day_account.account_id
WHERE account.merchant_id IS NOT NULL AND account.issuer_id IS NOT NULL;

-- name: insert_position_parts
-- What the positions are made of, with what it costs either side.
INSERT INTO position_part AS t (
    business_date, place, merchant_id, store_id, issuer_id, product_id, kind, channel, unit, items,
    amount_minor, points_earned, merchant_fee_minor, issuer_fee_minor
)
SELECT
    %(business_date)s::date AS business_date,
    row_number() OVER (
        ORDER BY
            merchant_key,
            issuer_key,
            store_key,
            product_key,
            kind COLLATE "C",
            channel COLLATE "C",
            unit COLLATE "C"
    ) AS place,
    merchant_key,
    store_key,
    issuer_key,
    product_key,
    kind,
    channel,
    unit,
    bigint_sum(items) AS items,
    bigint_sum(amount_minor) AS amount_minor,
    bigint_sum(points_earned) AS points_earned,
    coalesce(bigint_sum(merchant_fee_minor), 0) AS merchant_fee_minor,
    coalesce(bigint_sum(issuer_fee_minor), 0) AS issuer_fee_minor
FROM day_sum
GROUP BY merchant_key, store_key, issuer_key, product_key, kind, channel, unit;

-- name: insert_declined_parts
-- What was refused of the kinds that move value, by the store whose terminal asked: found by an
-- index of what posted nothing, whose condition is told in its words.
INSERT INTO declined_part AS t (
    business_date, place, merchant_id, store_id, kind, channel, reason, items
)
SELECT
    %(business_date)s::date AS business_date,
    row_number() OVER (
        ORDER BY
            store.merchant_id,
            store.id,
            refused.kind COLLATE "C",
            refused.channel COLLATE "C",
            refused.reason COLLATE "C"
    ) AS place,
    store.merchant_id,
    store.id AS store_id,
    refused.kind,
    refused.channel,
    refused.reason,
    count(*) AS items
FROM (
    SELECT
        kind,
        split_part(slot, '/', 1) AS channel,
        reason,
        terminal_id
    FROM exchange
    WHERE
        id >= %(first_number)s
        AND id < %(end_number)s
        AND reason NOT IN ('approved', 'posting_pending')
        AND reason <> 'partly_approved'
        AND kind = any(%(moving)s::text [])
        AND NOT is_tombstone
) AS refused
LEFT JOIN terminal ON refused.terminal_id = terminal.terminal_id
LEFT JOIN store ON terminal.store_id = store.id
GROUP BY store.merchant_id, store.id, refused.kind, refused.channel, refused.reason;

-- name: parts_not_positions
-- What is not the sum of its parts, where a date has any: dates from before there were parts have
-- none.
WITH told AS (
    SELECT
        merchant_id,
        issuer_id,
        unit,
        sum(amount_minor) AS amount_minor
    FROM position_part
    WHERE business_date = %(business_date)s
    GROUP BY merchant_id, issuer_id, unit
),

whole AS (
    SELECT
        merchant_id,
        issuer_id,
        unit,
        sum(credit_minor - debit_minor) AS amount_minor
    FROM position
    WHERE
        business_date = %(business_date)s
        AND chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')
    GROUP BY merchant_id, issuer_id, unit
)

SELECT
    merchant_id,
    issuer_id,
    unit
FROM told
FULL JOIN whole USING (merchant_id, issuer_id, unit)
WHERE
    coalesce(told.amount_minor, 0) <> coalesce(whole.amount_minor, 0)
    AND EXISTS (SELECT FROM position_part WHERE business_date = %(business_date)s)
ORDER BY merchant_id, issuer_id, unit;

-- name: changed_positions
-- A closed date cannot move: stored positions equal what the ledger says now.
WITH ledger AS (
    SELECT
        %(business_date)s::date AS business_date,
        account.merchant_id,
        account.issuer_id,
        account.unit,
        account.chart,
        day_account.entries,
        day_account.debit_minor,
        day_account.credit_minor
    FROM day_account
    INNER JOIN account ON account.id = day_account.account_id
    WHERE account.merchant_id IS NOT NULL AND account.issuer_id IS NOT NULL
),

stored AS (
    SELECT * FROM position WHERE business_date = %(business_date)s
)

(
    SELECT * FROM stored
    EXCEPT
    SELECT * FROM ledger
)
UNION ALL
(
    SELECT * FROM ledger
    EXCEPT
    SELECT * FROM stored
);

-- name: net_positions
-- What the summary shows: positive is what the issuer owes the merchant. Fees are the house's.
SELECT
    merchant.merchant_id AS merchant,
    issuer.institution_id AS issuer,
    position.unit,
    bigint_sum(position.entries) AS entries,
    bigint_sum(position.debit_minor) AS debit_minor,
    bigint_sum(position.credit_minor) AS credit_minor
FROM position
INNER JOIN merchant ON merchant.id = position.merchant_id
INNER JOIN issuer ON issuer.id = position.issuer_id
WHERE
    position.business_date = %(business_date)s
    AND position.chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')
GROUP BY merchant.merchant_id, issuer.institution_id, position.unit
ORDER BY merchant.merchant_id COLLATE "C", issuer.institution_id COLLATE "C", position.unit;

-- name: count_positions
-- For the step's detail: as many as those.
SELECT count(*) AS positions
FROM (
    SELECT
        merchant_id,
        issuer_id,
        unit
    FROM position
    WHERE
        business_date = %(business_date)s
        AND chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')
    GROUP BY merchant_id, issuer_id, unit
) AS netted;

-- What a run would do. --------------------------------------------------------------------

-- name: count_day
-- How much the date has by now.
WITH posted AS (
    SELECT count(*) AS legs
    FROM entry
    WHERE
        shard = any(%(shards)s::smallint [])
        AND journal_id >= %(first_number)s
        AND journal_id < %(end_number)s
        AND business_date = %(business_date)s
    GROUP BY shard, journal_id
)

SELECT
    count(*) AS journals,
    coalesce(sum(legs), 0)::bigint AS entries
FROM posted;

-- name: count_parties
-- How many files there would be: those that were written, or of everybody who may trade. One who
-- may no longer, and did on that date, comes on top.
SELECT
    CASE
        WHEN count(clearing_file.name) > 0 THEN count(clearing_file.name)
        ELSE
            (SELECT count(*) FROM merchant WHERE merchant.is_active)
            + (SELECT count(*) FROM issuer WHERE issuer.is_active)
    END AS parties
FROM clearing_file
WHERE clearing_file.business_date = %(business_date)s;

-- name: positions_so_far
-- As net_positions, of what the date has by now; nothing is laid out for it.
WITH moved AS (
    SELECT
        account_id,
        count(*) AS entries,
        coalesce(-bigint_sum(amount_minor) FILTER (WHERE amount_minor < 0), 0) AS debit_minor,
        coalesce(bigint_sum(amount_minor) FILTER (WHERE amount_minor > 0), 0) AS credit_minor
    FROM movement
    WHERE
        shard = any(%(shards)s::smallint [])
        AND journal_id >= %(first_number)s
        AND journal_id < %(end_number)s
        AND business_date = %(business_date)s
    GROUP BY account_id
)

SELECT
    merchant.merchant_id AS merchant,
    issuer.institution_id AS issuer,
    account.unit,
    bigint_sum(moved.entries) AS entries,
    bigint_sum(moved.debit_minor) AS debit_minor,
    bigint_sum(moved.credit_minor) AS credit_minor
FROM moved
INNER JOIN account ON account.id = moved.account_id
INNER JOIN merchant ON merchant.id = account.merchant_id
INNER JOIN issuer ON issuer.id = account.issuer_id
GROUP BY merchant.merchant_id, issuer.institution_id, account.unit
ORDER BY merchant.merchant_id COLLATE "C", issuer.institution_id COLLATE "C", account.unit;

-- Trial balance. --------------------------------------------------------------------------

-- name: insert_trial_balance
-- The date's turnover by account kind.
-- notes: trial_balance
INSERT INTO trial_balance AS t (business_date, chart, unit, debit_minor, credit_minor)
SELECT
    %(business_date)s::date AS business_date,
    ledger_account.chart,
    ledger_account.unit,
    bigint_sum(day_account.debit_minor) AS debit_minor,
    bigint_sum(day_account.credit_minor) AS credit_minor
FROM day_account
INNER JOIN ledger_account ON ledger_account.id = day_account.account_id
GROUP BY ledger_account.chart, ledger_account.unit;

-- name: changed_turnover
-- A closed date cannot move: stored turnover equals what the ledger says now.
WITH ledger AS (
    SELECT
        %(business_date)s::date AS business_date,
        ledger_account.chart,
        ledger_account.unit,
        bigint_sum(day_account.debit_minor) AS debit_minor,
        bigint_sum(day_account.credit_minor) AS credit_minor
    FROM day_account
    INNER JOIN ledger_account ON ledger_account.id = day_account.account_id
    GROUP BY ledger_account.chart, ledger_account.unit
),

stored AS (
    SELECT * FROM trial_balance WHERE business_date = %(business_date)s
)

(
    SELECT * FROM stored
    EXCEPT
    SELECT * FROM ledger
)
UNION ALL
(
    SELECT * FROM ledger
    EXCEPT
    SELECT * FROM stored
);

-- name: turnover_by_unit
-- Debits and credits of a unit are equal unless an account is missing or in another unit.
SELECT
    unit,
    bigint_sum(debit_minor) AS debit_minor,
    bigint_sum(credit_minor) AS credit_minor
FROM trial_balance
WHERE business_date = %(business_date)s
GROUP BY unit
ORDER BY unit;

-- name: wrong_balances
-- Stored balances of accounts that moved since the date began: their last checkpoint, what the date
-- moved, and what trade has moved since. One statement, for trade goes on. A purse lives where its
-- card's journals do.
WITH since AS (
    SELECT
        shard,
        account_id,
        sum(amount_minor) AS amount_minor
    FROM movement
    WHERE shard = any(%(shards)s::smallint []) AND journal_id >= %(end_number)s
    GROUP BY shard, account_id
),

moved AS (
    SELECT
        shard,
        account_id,
        sum(amount_minor) AS amount_minor
    FROM (
        SELECT
            shard,
            account_id,
            credit_minor - debit_minor AS amount_minor
        FROM day_account
        UNION ALL
        SELECT * FROM since
    ) AS part
    GROUP BY shard, account_id
)

SELECT
    purse.account_id,
    purse.posted_minor,
    (moved.amount_minor + coalesce(before.balance_minor, 0))::bigint AS entries_minor,
    purse.unit
FROM moved
INNER JOIN purse
    ON
        purse.shard = moved.shard
        AND purse.account_id = moved.account_id
        AND purse.shard = any(%(shards)s::smallint [])
LEFT JOIN LATERAL (
    SELECT checkpoint.balance_minor
    FROM checkpoint
    WHERE
        checkpoint.account_id = moved.account_id
        AND checkpoint.business_date < %(business_date)s
    ORDER BY checkpoint.business_date DESC
    LIMIT 1
) AS before ON true
WHERE purse.posted_minor <> moved.amount_minor + coalesce(before.balance_minor, 0)
ORDER BY purse.account_id
LIMIT 20;

-- Lines: what each journal moved between a merchant and an issuer. ----------------------------

-- name: lay_out_parties
-- The accounts that lines are made of, of those that the date moved: what stands between a merchant
-- and an issuer, and the points that an issuer's cards earned, those of alliances apart. Accounts
-- between the same two in the same unit go by one of them, the pair.
CREATE TEMPORARY TABLE day_party ON COMMIT DROP AS
SELECT
    account.id AS account_id,
    account.merchant_id,
    account.issuer_id,
    account.unit,
    programme.alliance_id IS NOT NULL AS is_shared,
    min(account.id) OVER (
        PARTITION BY
            account.merchant_id, account.issuer_id, account.unit, programme.alliance_id IS NOT NULL
    ) AS pair
FROM day_account
INNER JOIN account ON account.id = day_account.account_id
LEFT JOIN programme
    ON
        account.chart = 'points_issued'
        AND account.unit = 'P:' || programme.code
        AND CASE
            WHEN programme.alliance_id IS NULL
                THEN programme.is_primary AND programme.issuer_id = account.issuer_id
            ELSE EXISTS (
                SELECT FROM alliance_terms AS terms
                WHERE terms.programme = programme.code AND terms.since <= %(business_date)s
            )
        END
WHERE
    account.issuer_id IS NOT NULL
    AND (account.merchant_id IS NOT NULL OR programme.code IS NOT NULL);

-- name: analyze_parties
-- Joins are planned for the rows that are there.
ANALYZE day_party;

-- name: lay_out_items
-- What each journal of the date moved on these: a table of its own, counted before it is joined, so
-- that no plan rests on what statistics have not seen. What the night itself posted is no line.
CREATE TEMPORARY TABLE day_item ON COMMIT DROP AS
SELECT
    movement.shard,
    movement.journal_id,
    day_party.pair,
    day_party.merchant_id IS NOT NULL AS is_line,
    day_party.is_shared,
    movement.amount_minor
FROM movement
INNER JOIN day_party ON day_party.account_id = movement.account_id
WHERE
    movement.shard = any(%(shards)s::smallint [])
    AND movement.shard <> %(night_shard)s
    AND movement.journal_id >= %(first_number)s
    AND movement.journal_id < %(end_number)s;

-- name: analyze_items
-- Joins are planned for the rows that are there.
ANALYZE day_item;

-- name: lay_out_moved
-- What each journal moved between a merchant and an issuer, with the points that its card earned: a
-- number is one journal's, whatever its shard. Most move something between one pair alone, and are
-- summed in one pass; the rest is summed by pair. Counted before what is known of journals is
-- joined to it.
CREATE TEMPORARY TABLE day_moved ON COMMIT DROP AS
WITH posted AS (
    SELECT
        journal_id,
        min(pair) FILTER (WHERE is_line) AS pair,
        max(pair) FILTER (WHERE is_line) AS last_pair,
        bigint_sum(amount_minor) FILTER (WHERE is_line) AS amount_minor,
        coalesce(-bigint_sum(amount_minor) FILTER (WHERE NOT is_line), 0) AS points_earned
    FROM day_item
    WHERE is_line OR NOT is_shared
    GROUP BY journal_id
)

SELECT
    journal_id,
    pair,
    amount_minor,
    points_earned
FROM posted
WHERE pair = last_pair
UNION ALL
SELECT
    day_item.journal_id,
    day_item.pair,
    bigint_sum(day_item.amount_minor) AS amount_minor,
    posted.points_earned
FROM posted
INNER JOIN day_item ON day_item.journal_id = posted.journal_id AND day_item.is_line
WHERE posted.pair <> posted.last_pair
GROUP BY day_item.journal_id, day_item.pair, posted.points_earned;

-- name: analyze_moved
-- Joins are planned for the rows that are there.
ANALYZE day_moved;

-- name: lay_out_given
-- Points of alliances that each journal gave out, or took back. They stand for as long as the run
-- does.
CREATE TEMPORARY TABLE day_given AS
SELECT
    day_item.shard,
    day_item.journal_id AS number,
    day_party.issuer_id,
    day_party.unit,
    -bigint_sum(day_item.amount_minor) AS points
FROM day_item
INNER JOIN day_party ON day_party.account_id = day_item.pair
WHERE day_item.is_shared
GROUP BY day_item.shard, day_item.journal_id, day_party.issuer_id, day_party.unit;

-- name: analyze_given
-- Joins are planned for the rows that are there.
ANALYZE day_given;

-- name: lay_out_places
-- In which order files are written: of who is known by an id. Merchants that no fee names are alike
-- within a trade, and reckoned as the first of them. They stand for as long as the run does.
CREATE TEMPORARY TABLE day_place AS
WITH seller AS (
    SELECT
        id,
        merchant_id,
        trade,
        exists(SELECT FROM fee WHERE fee.merchant_id = merchant.id) AS is_named
    FROM merchant
)

SELECT
    'merchant' AS side,
    id::integer AS id,
    merchant_id AS name,
    row_number() OVER (ORDER BY merchant_id COLLATE "C")::integer AS place,
    CASE WHEN is_named THEN id ELSE min(id) OVER (PARTITION BY is_named, trade) END::integer
        AS alike
FROM seller
UNION ALL
SELECT
    'issuer',
    id,
    institution_id,
    row_number() OVER (ORDER BY institution_id COLLATE "C")::integer,
    id
FROM issuer;

-- name: analyze_places
-- Joins are planned for the rows that are there.
ANALYZE day_place;

-- name: lay_out_asked
-- Whose journals the date has.
CREATE TEMPORARY TABLE day_asked ON COMMIT DROP AS
SELECT DISTINCT card_id
FROM journal
WHERE
    shard = any(%(shards)s::smallint [])
    AND id >= %(first_number)s
    AND id < %(end_number)s
    AND card_id <> 0;

-- name: analyze_asked
-- Joins are planned for the rows that are there.
ANALYZE day_asked;

-- name: lay_out_cards
-- Those cards as a file shows them.
CREATE TEMPORARY TABLE day_card ON COMMIT DROP AS
SELECT
    found.shard,
    asked.card_id,
    found.pan_masked,
    card_batch.product_id
FROM day_asked AS asked
CROSS JOIN
    LATERAL (
        SELECT
            card.shard,
            card.pan_masked,
            card.part_id
        FROM card
        WHERE card.id = asked.card_id
        OFFSET 0  -- noqa: AM09
    ) AS found
LEFT JOIN card_batch_part ON card_batch_part.id = found.part_id
LEFT JOIN card_batch ON card_batch.id = card_batch_part.batch_id;

-- name: analyze_cards
-- Joins are planned for the rows that are there.
ANALYZE day_card;

-- name: lay_out_lines
-- One row for each journal and unit that moved something between a merchant and an issuer; the main
-- one is in its journal's own unit. What an external issuer decided is named as it knows it; only
-- such a journal is looked for among advices. What the office voids is of the store that sold it,
-- and what it redeems of the one that its job's key names behind a colon.
-- They stand for as long as the run does. Places are those of who is known by an id, in the order
-- of files. What few journals need is asked for those alone, in the place of its column: a join
-- would be made for each. What is looked up of a journal is kept together by OFFSET: it is wide,
-- and goes past what is narrow.
CREATE TEMPORARY TABLE day_line AS
WITH paired AS (
    SELECT
        day_party.account_id,
        day_party.unit,
        seller.id AS merchant_key,
        seller.name AS merchant,
        seller.place AS merchant_place,
        seller.alike,
        keeper.id AS issuer_key,
        keeper.name AS issuer,
        keeper.place AS issuer_place
    FROM day_party
    INNER JOIN day_place AS seller
        ON seller.side = 'merchant' AND seller.id = day_party.merchant_id
    INNER JOIN day_place AS keeper
        ON keeper.side = 'issuer' AND keeper.id = day_party.issuer_id
    OFFSET 0  -- noqa: AM09
),

posted AS (
    SELECT
        journal.shard,
        journal.id,
        journal.kind,
        split_part(journal.slot, '/', 1) AS channel,
        split_part(journal.slot, '/', 3) AS batch,
        split_part(journal.slot, '/', 4) AS trace,
        journal.terminal_id,
        journal.original_id,
        journal.unit,
        CASE
            WHEN terminal.store_id IS NOT NULL THEN terminal.store_id
            WHEN journal.terminal_id IS NULL
                THEN store_of_slot(
                    coalesce(
                        (
                            SELECT sale.slot FROM journal AS sale
                            WHERE sale.shard = journal.shard AND sale.id = journal.original_id
                        ),
                        journal.slot
                    )
                )
        END AS store_id,
        day_card.product_id,
        CASE
            WHEN journal.card_id <> 0 THEN coalesce(day_card.pan_masked, '')
            ELSE coalesce(
                (
                    SELECT known.pan_masked FROM advice AS known
                    WHERE known.shard = journal.shard AND known.journal_id = journal.id
                ),
                (
                    SELECT known.pan_masked FROM advice AS known
                    WHERE known.shard = journal.shard AND known.journal_id = journal.original_id
                ),
                ''
            )
        END AS card,
        CASE
            WHEN journal.card_id = 0
                THEN (
                    SELECT known.reference FROM advice AS known
                    WHERE known.shard = journal.shard AND known.journal_id = journal.id
                )
        END AS reference,
        CASE
            WHEN journal.card_id = 0
                THEN (
                    SELECT known.reference FROM advice AS known
                    WHERE known.shard = journal.shard AND known.journal_id = journal.original_id
                )
        END AS original_reference
    FROM journal
    LEFT JOIN day_card ON day_card.shard = journal.shard AND day_card.card_id = journal.card_id
    LEFT JOIN terminal
        ON
            terminal.terminal_id = CASE
                WHEN journal.terminal_id IS NULL AND journal.original_id IS NOT NULL
                    THEN (
                        SELECT sale.terminal_id FROM journal AS sale
                        WHERE sale.shard = journal.shard AND sale.id = journal.original_id
                    )
                ELSE journal.terminal_id
            END
    WHERE
        journal.shard = any(%(shards)s::smallint [])
        AND journal.id >= %(first_number)s
        AND journal.id < %(end_number)s
    OFFSET 0  -- noqa: AM09
)

SELECT
    posted.shard,
    posted.id AS number,
    posted.kind,
    posted.channel,
    paired.merchant_key,
    paired.issuer_key,
    paired.merchant_place,
    paired.issuer_place,
    paired.alike,
    paired.unit = posted.unit AS is_main,
    posted.store_id AS store_key,
    posted.product_id AS product_key,
    posted.terminal_id,
    posted.batch,
    posted.trace,
    paired.merchant,
    paired.issuer,
    posted.card,
    posted.original_id AS original,
    paired.unit,
    moved.amount_minor,
    CASE WHEN paired.unit = posted.unit THEN moved.points_earned ELSE 0 END AS points_earned,
    posted.reference,
    posted.original_reference
FROM day_moved AS moved
INNER JOIN posted ON posted.id = moved.journal_id
INNER JOIN paired ON paired.account_id = moved.pair;

-- name: analyze_lines
-- Joins are planned for the rows that are there.
ANALYZE day_line;

-- name: append_posted_lines
-- What the night has posted of a kind on accounts between a merchant and an issuer is a line of the
-- date like any other: parties read it in their files.
INSERT INTO day_priced (
    number, kind, channel, merchant_key, issuer_key, merchant_place, issuer_place, batch, trace,
    merchant, issuer, card, unit, amount_minor, points_earned
)
SELECT
    movement.journal_id,
    %(kind)s::text AS kind,
    'night' AS channel,
    seller.id,
    keeper.id,
    seller.place AS merchant_place,
    keeper.place AS issuer_place,
    '' AS batch,
    '' AS trace,
    seller.name AS merchant,
    keeper.name AS issuer,
    '' AS card,
    account.unit,
    bigint_sum(movement.amount_minor) AS amount_minor,
    0 AS points_earned
FROM movement
INNER JOIN journal
    ON
        journal.shard = movement.shard
        AND journal.id = movement.journal_id
        AND journal.shard = %(night_shard)s
        AND journal.id >= %(first_number)s
        AND journal.id < %(end_number)s
        AND journal.kind = %(kind)s::text
INNER JOIN account ON account.id = movement.account_id AND account.chart = %(chart)s
INNER JOIN day_place AS seller ON seller.side = 'merchant' AND seller.id = account.merchant_id
INNER JOIN day_place AS keeper ON keeper.side = 'issuer' AND keeper.id = account.issuer_id
WHERE
    movement.shard = %(night_shard)s
    AND movement.journal_id >= %(first_number)s
    AND movement.journal_id < %(end_number)s
GROUP BY
    movement.journal_id, seller.id, keeper.id, seller.place, keeper.place, seller.name,
    keeper.name, account.unit;

-- name: append_posted_sums
-- And they are in its sums.
INSERT INTO day_sum (
    merchant_key, issuer_key, kind, channel, unit, items, numbers, amount_minor, points_earned
)
SELECT
    merchant_key,
    issuer_key,
    kind,
    channel,
    unit,
    count(*) AS items,
    sum(number) AS numbers,
    sum(amount_minor) AS amount_minor,
    0 AS points_earned
FROM day_priced
WHERE kind = %(kind)s::text AND channel = 'night'
GROUP BY merchant_key, issuer_key, kind, channel, unit;

-- Files. ----------------------------------------------------------------------------------

-- name: file_totals
-- What the files of one side add up to, party by party and unit by unit. The fee of what moved in
-- one unit may be in another, as that of points is.
WITH line AS (
    SELECT
        CASE %(side)s WHEN 'merchant' THEN merchant_key ELSE issuer_key END AS key,
        unit,
        items,
        amount_minor,
        points_earned,
        fee_unit,
        CASE %(side)s WHEN 'merchant' THEN merchant_fee_minor ELSE issuer_fee_minor END AS fee_minor
    FROM day_sum
),

told AS (
    SELECT
        key,
        unit,
        items,
        amount_minor,
        points_earned,
        0 AS fee_minor
    FROM line
    UNION ALL
    SELECT
        key,
        fee_unit,
        0 AS items,
        0 AS amount_minor,
        0 AS points_earned,
        fee_minor
    FROM line
    WHERE fee_minor IS NOT NULL
)

SELECT
    day_place.name AS party,
    summed.unit,
    summed.rows,
    summed.amount_minor,
    summed.points_earned,
    summed.fee_minor
FROM (
    SELECT
        key,
        unit,
        bigint_sum(items) AS rows,
        bigint_sum(amount_minor) AS amount_minor,
        bigint_sum(points_earned) AS points_earned,
        bigint_sum(fee_minor) AS fee_minor
    FROM told
    GROUP BY key, unit
) AS summed
INNER JOIN day_place ON day_place.side = %(side)s AND day_place.id = summed.key
ORDER BY day_place.place, summed.unit COLLATE "C";

-- name: issuer_places
-- Who the issuers are that lines name by their place.
SELECT place, name
FROM day_place
WHERE side = 'issuer';

-- name: numbers_given
-- How many numbers of the date writers were given.
SELECT coalesce(max(next_number), %(numbers_per_day)s)::bigint AS numbers
FROM number_block
WHERE business_date = %(business_date)s;

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

-- name: record_files
-- After all are whole on disk under their names.
-- notes: clearing_file together
INSERT INTO clearing_file AS t (business_date, name, side, party, items, sha256)
SELECT
    %(business_date)s::date,
    unnest(%(name)s::text []),
    unnest(%(side)s::text []),
    unnest(%(party)s::text []),
    unnest(%(items)s::bigint []),
    unnest(%(sha256)s::bytea []);

-- Checkpoint. -----------------------------------------------------------------------------

-- name: insert_checkpoints
-- The balance at the end of the date of every account that moved on it.
INSERT INTO checkpoint (account_id, business_date, balance_minor)
SELECT
    day_account.account_id,
    %(business_date)s::date,
    day_account.credit_minor - day_account.debit_minor + coalesce(before.balance_minor, 0)
FROM day_account
LEFT JOIN LATERAL (
    SELECT checkpoint.balance_minor
    FROM checkpoint
    WHERE
        checkpoint.account_id = day_account.account_id
        AND checkpoint.business_date < %(business_date)s
    ORDER BY checkpoint.business_date DESC
    LIMIT 1
) AS before ON true;

-- name: insert_checkpoint_seals
-- Where each shard's hash chain ended with the date: from its end back past what came since.
-- notes: checkpoint_seal
INSERT INTO checkpoint_seal AS t (business_date, shard, seq, digest)
WITH wanted AS (
    SELECT unnest(%(shards)s::smallint []) AS shard
)

SELECT
    %(business_date)s::date,
    last.shard,
    last.seq,
    last.digest
FROM wanted
INNER JOIN LATERAL (
    SELECT
        seal.shard,
        seal.seq,
        seal.digest
    FROM seal
    WHERE seal.shard = wanted.shard AND seal.business_date <= %(business_date)s
    ORDER BY seal.seq DESC
    LIMIT 1
) AS last ON true;

-- name: count_checkpoints
-- For the step's detail; each account that moved has a checkpoint.
SELECT
    (SELECT count(*) FROM day_account) AS accounts,
    (SELECT count(*) FROM checkpoint_seal WHERE business_date = %(business_date)s) AS shards;
