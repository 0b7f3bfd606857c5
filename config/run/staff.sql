-- What the demo's people need beside the office.

-- name: cards_of_part
-- What a card maker needs of the cards of a part; looked for while they are made.
SELECT
    id,
    issuer_id,
    pan_sealed,
    expiry
FROM card
WHERE part_id = %(part)s
ORDER BY id;

-- name: value_of_card
-- Whether money has come onto a card.
SELECT purse.posted_minor > 0
FROM card
INNER JOIN purse ON card.shard = purse.shard AND card.id = purse.card_id
WHERE card.id = %(card)s AND purse.unit = 'CNY';
