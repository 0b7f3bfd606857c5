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

-- name: create_strange_exchange
-- Exchanges, and journals of the same number, that break a rule of one of the questions.
CREATE TEMPORARY TABLE strange_exchange (
    shard smallint,
    id bigint,
    slot text COLLATE "C",
    kind text,
    origin text,
    home smallint,
    seal bigint,
    is_not_posted boolean NOT NULL,
    is_not_as_asked boolean NOT NULL,
    is_part_of_others boolean NOT NULL,
    is_out_of_place boolean NOT NULL,
    is_by_others boolean NOT NULL,
    is_away_from_home boolean NOT NULL,
    is_of_another_seal boolean NOT NULL,
    is_of_others boolean NOT NULL
) ON COMMIT DROP;

-- name: find_strange_exchanges
-- Each exchange beside the journal of its number, its seal and its day, judged once. Of a number
-- there may be a journal alone.
WITH judged AS (
    SELECT
        coalesce(exchange.shard, journal.shard) AS shard,
        coalesce(exchange.id, journal.id) AS id,
        exchange.slot,
        exchange.kind,
        exchange.origin,
        exchange.home,
        exchange.seal,
        coalesce(
            exchange.reason IN ('approved', 'partly_approved')
            AND exchange.kind = any(%(posting_kinds)s)
            AND journal.id IS NULL,
            false
        ) AS is_not_posted,
        journal.id IS NOT NULL AND (
            exchange.home = journal.home
            AND exchange.slot = journal.slot
            AND exchange.seal = journal.seal
            AND exchange.reason = any(%(posted_reasons)s)
            AND NOT exchange.is_tombstone
            AND exchange.kind = journal.kind
            AND exchange.card_id = journal.card_id
            AND exchange.terminal_id IS NOT DISTINCT FROM journal.terminal_id
            AND exchange.business_date = journal.business_date
        ) IS NOT TRUE AS is_not_as_asked,
        coalesce(
            exchange.reason = 'partly_approved'
            AND (exchange.kind <> all(%(part_kinds)s) OR exchange.is_tombstone),
            false
        ) AS is_part_of_others,
        exchange.id IS NOT NULL AND coalesce(
            business_day.business_date IS NULL
            OR exchange.id / %(numbers_per_day)s <> exchange.business_date - %(day_zero)s::date
            OR exchange.terminal_id IS DISTINCT FROM CASE
                WHEN exchange.origin = 'terminal' THEN split_part(exchange.slot, '/', 2)
            END
            OR (
                exchange.kind <> 'opening'
                AND exchange.is_tombstone <> (exchange.fingerprint = '')
            ),
            false
        ) AS is_out_of_place,
        exchange.id IS NOT NULL AND asked.kind IS NULL AS is_by_others,
        coalesce(
            split_part(exchange.slot, '/', 1) = any(%(own_spaces)s::text [])
            AND exchange.home <> mod(
                crc32(convert_to(exchange.slot, 'UTF8')),
                (
                    SELECT nullif(max(substring(setting.value FROM '^[0-9]{1,9}$')::bigint), 0)
                    FROM setting
                    WHERE setting.name = 'shard_count'
                )
            ),
            false
        ) AS is_away_from_home,
        coalesce(
            seal.business_date <> exchange.business_date
            OR (seal.form > 1 AND seal.sealed_at <> exchange.decided_at),
            false
        ) AS is_of_another_seal,
        coalesce(
            card.issuer_id <> journal.issuer_id
            OR (
                journal.origin <> 'terminal'
                AND journal.kind <> 'cash_taken'
                AND (journal.merchant_id IS NOT NULL)
                <> (
                    journal.kind IN ('voucher_redemption', 'purchase')
                    OR journal.kind = any(%(office_voids)s::text [])
                    OR journal.kind = any(%(cardless_kinds)s::text [])
                )
            ),
            false
        ) AS is_of_others
    FROM exchange
    FULL JOIN journal ON journal.shard = exchange.shard AND journal.id = exchange.id
    LEFT JOIN card ON card.shard = journal.shard AND card.id = journal.card_id
    LEFT JOIN seal ON seal.shard = exchange.shard AND seal.seq = exchange.seal
    LEFT JOIN business_day ON business_day.business_date = exchange.business_date
    LEFT JOIN
        unnest(%(asked_kinds)s::text [], %(askers)s::text []) AS asked (kind, origin)
        ON asked.kind = exchange.kind AND asked.origin = exchange.origin
)

INSERT INTO strange_exchange
SELECT *
FROM judged
WHERE
    is_not_posted
    OR is_not_as_asked
    OR is_part_of_others
    OR is_out_of_place
    OR is_by_others
    OR is_away_from_home
    OR is_of_another_seal
    OR is_of_others;
