-- The audit's questions about fees that the night charged. As in audit.sql, each statement gives
-- the rows that break its rule.

-- name: fee_not_its_leg
-- What was charged was posted, by a leg of a journal of its merchant, issuer and date, from who
-- pays to the house, or back; and nothing else is posted so.
WITH posted AS (
    SELECT
        journal.business_date,
        journal.merchant_id,
        journal.issuer_id,
        entry.journal_id,
        entry.leg,
        entry.unit,
        CASE WHEN debit.chart = 'house_fees' THEN credit.chart ELSE debit.chart END AS payer,
        CASE WHEN debit.chart = 'house_fees' THEN -1 ELSE 1 END * entry.amount_minor AS fee_minor
    FROM journal
    INNER JOIN entry ON entry.shard = journal.shard AND entry.journal_id = journal.id
    LEFT JOIN account AS debit ON debit.id = entry.debit_account
    LEFT JOIN account AS credit ON credit.id = entry.credit_account
    WHERE journal.kind = 'transaction_fees'
),

charged AS (
    SELECT
        fee_charge.*,
        fee.payer || '_fees' AS payer
    FROM fee_charge
    LEFT JOIN fee ON fee.id = fee_charge.fee_id
    WHERE fee_charge.fee_minor <> 0
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    unit,
    charged.fee_id,
    charged.fee_minor,
    posted.fee_minor AS posted_minor
FROM charged
FULL JOIN posted USING (business_date, merchant_id, issuer_id, journal_id, leg, unit, payer)
WHERE charged.fee_minor IS DISTINCT FROM posted.fee_minor
ORDER BY business_date, merchant_id, issuer_id, charged.fee_id
LIMIT %(limit)s;

-- name: fee_out_of_its_time
-- A date is charged by rows that were in force, of who was said, and for a kind that was.
SELECT
    fee_charge.business_date,
    fee_charge.merchant_id,
    fee_charge.issuer_id,
    fee_charge.fee_id,
    fee_charge.kind
FROM fee_charge
LEFT JOIN fee ON fee.id = fee_charge.fee_id
WHERE
    fee.id IS NULL
    OR fee.since > fee_charge.business_date
    OR fee_charge.kind <> all(fee.kinds)
    OR fee.merchant_id <> fee_charge.merchant_id
    OR fee.issuer_id <> fee_charge.issuer_id
ORDER BY fee_charge.business_date, fee_charge.merchant_id, fee_charge.issuer_id
LIMIT %(limit)s;

-- name: fees_of_other_parties
-- The night's journals are its own: of its shard, on the accounts of whom they name.
SELECT
    shard,
    id
FROM journal
WHERE (kind = any(%(cardless_kinds)s::text [])) <> (shard = %(night_shard)s)
UNION
SELECT
    shard,
    journal_id AS id
FROM strange_entry
WHERE is_fee_of_others
ORDER BY id
LIMIT %(limit)s;
