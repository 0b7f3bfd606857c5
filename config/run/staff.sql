-- What the demo's people need beside the office.

-- name: cards_of_batch
-- What a card maker needs of the cards of a batch; looked for while they are made.
SELECT
    c.id,
    c.issuer_id,
    c.pan_sealed,
    c.expiry
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
WHERE b.code = %(batch)s
ORDER BY c.id;

-- name: value_of_card
-- What money is on a card.
SELECT purse.posted_minor
FROM card
INNER JOIN purse ON card.shard = purse.shard AND card.id = purse.card_id
WHERE card.id = %(card)s AND purse.unit = 'CNY';

-- name: open_date
-- From which a rule that is made now is in force.
SELECT business_date FROM business_day WHERE state = 'open';

-- name: is_tried
-- Whether the draft of a rule was held against a day.
SELECT exists(
    SELECT FROM rule WHERE id = %(rule)s AND state = 'draft' AND tried_on IS NOT NULL
);

-- name: let_gifts_be_due
-- The time of each gift that waits is over, so that the clock gives it back.
-- notes: gift
UPDATE gift AS t SET due_at = t.sent_at + interval '1 millisecond'
WHERE t.state = 'reserved';
