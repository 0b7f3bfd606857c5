-- What became of messages, for those who tell a day's story. Few slots, read once.

-- name: first_posted
-- Of these messages the first that was posted.
SELECT min(slot) AS slot
FROM journal
WHERE slot = any(%(slots)s);

-- name: decided
-- How each of these messages was decided, and what it moved, leg by leg.
SELECT
    exchange.slot,
    exchange.id,
    exchange.reason,
    entry.leg,
    debit.chart AS debit,
    credit.chart AS credit,
    entry.amount_minor,
    entry.unit
FROM exchange
LEFT JOIN journal ON journal.home = exchange.home AND journal.slot = exchange.slot
LEFT JOIN entry ON entry.shard = journal.shard AND entry.journal_id = journal.id
LEFT JOIN ledger_account AS debit ON debit.id = entry.debit_account
LEFT JOIN ledger_account AS credit ON credit.id = entry.credit_account
WHERE exchange.slot = any(%(slots)s)
ORDER BY exchange.id, entry.leg;

-- name: balance_of_card
-- What a card has in one unit.
SELECT purse.posted_minor
FROM card
INNER JOIN purse ON purse.shard = card.shard AND purse.card_id = card.id
WHERE card.id = %(card)s AND purse.unit = %(unit)s;
