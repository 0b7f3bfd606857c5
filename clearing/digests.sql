-- What a step of the night read, and what it left, as lines to be digested: text by no setting of a
-- session, in whatever order (`clearing.digests` sorts them). What a step read is told of what the
-- night laid out, so that the ledger is not read again.

-- name: day_lines
-- What there was to turn: the date, since it was opened.
SELECT extract(EPOCH FROM opened_at)::text AS line
FROM business_day
WHERE business_date = %(business_date)s;

-- name: cut_lines
-- When the date was closed, and when the next was opened.
SELECT concat('closed|', extract(EPOCH FROM closed_at)) AS line
FROM business_day
WHERE business_date = %(business_date)s
UNION ALL
SELECT concat('opened|', extract(EPOCH FROM opened_at))
FROM business_day
WHERE business_date = %(business_date)s::date + 1;

-- name: traded_lines
-- What was traded between merchants and issuers, by what fees and files tell apart.
SELECT
    concat_ws(
        '|', merchant_key, issuer_key, channel, kind, unit, sum(items), sum(numbers),
        sum(amount_minor), sum(points_earned)
    ) AS line
FROM day_sum
GROUP BY merchant_key, issuer_key, channel, kind, unit;

-- name: summary_lines
-- What the date moved on each account.
SELECT concat_ws('|', account_id, entries, debit_minor, credit_minor) AS line
FROM day_account;

-- name: charge_lines
-- What was charged.
SELECT
    concat_ws(
        '|', merchant_id, issuer_id, fee_id, kind, unit, items, base_minor, fee_minor, journal_id,
        leg
    ) AS line
FROM fee_charge
WHERE business_date = %(business_date)s;

-- name: settlement_lines
-- What was settled of alliances' points.
SELECT
    concat_ws(
        '|', place, coalesce(terms_id, 0), programme, merchant_id, issuer_id, act, points,
        amount_minor, unit, is_prefunded, coalesce(journal_id, 0), coalesce(leg, 0)
    ) AS line
FROM alliance_settlement
WHERE business_date = %(business_date)s;

-- name: position_lines
-- What merchants and issuers owe each other, and of what; and what was refused.
SELECT
    concat_ws(
        '|', merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor
    ) AS line
FROM position
WHERE business_date = %(business_date)s
UNION ALL
SELECT
    concat_ws(
        '|', 'part', place, merchant_id, coalesce(store_id::text, '-'), issuer_id,
        coalesce(product_id::text, '-'), kind, channel, unit, items, amount_minor, points_earned,
        merchant_fee_minor, issuer_fee_minor
    ) AS line
FROM position_part
WHERE business_date = %(business_date)s
UNION ALL
SELECT
    concat_ws(
        '|', 'declined', place, coalesce(merchant_id::text, '-'), coalesce(store_id::text, '-'),
        kind, channel, reason, items
    ) AS line
FROM declined_part
WHERE business_date = %(business_date)s;

-- name: turnover_lines
-- What the date moved by account kind.
SELECT concat_ws('|', chart, unit, debit_minor, credit_minor) AS line
FROM trial_balance
WHERE business_date = %(business_date)s;

-- name: file_lines
-- What is in each file.
SELECT concat_ws('|', name, side, party, items, encode(sha256, 'hex')) AS line
FROM clearing_file
WHERE business_date = %(business_date)s;

-- name: checkpoint_lines
-- What every account that moved has then, and where each chain ended.
SELECT concat_ws('|', 'account', account_id, balance_minor) AS line
FROM checkpoint
WHERE business_date = %(business_date)s
UNION ALL
SELECT concat_ws('|', 'seal', shard, seq, encode(digest, 'hex'))
FROM checkpoint_seal
WHERE business_date = %(business_date)s;
