-- What several of the audit's questions ask of all entries, laid beside the ledger in one pass
-- each. It stands until the audit's transaction ends.

-- name: create_moved_account
-- What each account was moved by, shard by shard and date by date.
CREATE TEMPORARY TABLE moved_account ON COMMIT DROP AS
SELECT
    shard,
    account_id,
    business_date,
    count(*) AS entries,
    sum(amount_minor) AS amount_minor,
    coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0) AS debit_minor,
    coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0) AS credit_minor,
    max(journal_id) AS last_journal
FROM movement
GROUP BY shard, account_id, business_date;

-- name: create_strange_entry
-- Entries that break a rule of one of the questions.
CREATE TEMPORARY TABLE strange_entry (
    shard smallint,
    journal_id bigint,
    leg smallint,
    unit text,
    kind text,
    debit text,
    credit text,
    debit_unit text,
    credit_unit text,
    is_without_journal boolean NOT NULL,
    is_between_units boolean NOT NULL,
    is_of_others boolean NOT NULL,
    is_fee_of_others boolean NOT NULL,
    is_by_others boolean NOT NULL
) ON COMMIT DROP;

-- name: find_strange_entries
-- Each entry beside its journal and both of its accounts, judged once.
WITH judged AS (
    SELECT
        entry.shard,
        entry.journal_id,
        entry.leg,
        entry.unit,
        journal.kind,
        debit.chart AS debit,
        credit.chart AS credit,
        debit.unit AS debit_unit,
        credit.unit AS credit_unit,
        coalesce(journal.business_date <> entry.business_date, true) AS is_without_journal,
        coalesce(entry.unit <> debit.unit OR entry.unit <> credit.unit, true) AS is_between_units,
        coalesce(
            journal.card_id <> debit.card_id
            OR journal.card_id <> credit.card_id
            OR journal.shard <> debit.shard
            OR journal.shard <> credit.shard
            OR coalesce(journal.merchant_id, 0) <> debit.merchant_id
            OR coalesce(journal.merchant_id, 0) <> credit.merchant_id
            OR journal.issuer_id <> debit.issuer_id
            OR journal.issuer_id <> credit.issuer_id,
            false
        ) AS is_of_others,
        coalesce(
            journal.kind = any(%(cardless_kinds)s::text [])
            AND (
                debit.merchant_id <> journal.merchant_id
                OR credit.merchant_id <> journal.merchant_id
                OR debit.issuer_id <> journal.issuer_id
                OR credit.issuer_id <> journal.issuer_id
            ),
            false
        ) AS is_fee_of_others,
        coalesce(
            journal.kind = any(%(own_kinds)s::text []) AND own.kind IS NULL, false
        ) AS is_by_others
    FROM entry
    LEFT JOIN journal ON journal.shard = entry.shard AND journal.id = entry.journal_id
    LEFT JOIN ledger_account AS debit ON debit.id = entry.debit_account
    LEFT JOIN ledger_account AS credit ON credit.id = entry.credit_account
    LEFT JOIN
        unnest(
            %(own_kinds)s::text [], %(own_debits)s::text [], %(own_credits)s::text []
        ) AS own (kind, debit, credit)
        ON own.kind = journal.kind AND own.debit = debit.chart AND own.credit = credit.chart
)

INSERT INTO strange_entry
SELECT *
FROM judged
WHERE is_without_journal OR is_between_units OR is_of_others OR is_fee_of_others OR is_by_others;
