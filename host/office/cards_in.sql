-- Cards of another system, that come with what they have.

-- name: terms_of_product
-- What a card of it may hold, whether its issuer has points, and in what its money is counted.
SELECT
    least(i.balance_minor_max, coalesce(v.balance_minor_max, i.balance_minor_max)),
    exists(SELECT 1 FROM programme AS g WHERE g.issuer_id = i.id AND g.is_primary),
    i.currency
FROM product AS p
INNER JOIN product_version AS v ON p.id = v.product_id
INNER JOIN issuer AS i ON p.issuer_id = i.id
WHERE p.id = %s
ORDER BY v.version DESC
LIMIT 1;

-- name: cards_at
-- Where cards are, by their numbers in the book.
SELECT
    id,
    shard,
    pan_hash
FROM card
WHERE id = any(%s);

-- name: voided_of_numbers
-- Of numbers that are taken: those of cards of a batch that was voided, and which.
SELECT
    c.pan_hash,
    b.code
FROM unnest(%s::smallint [], %s::bytea []) AS n (shard, pan_hash)
INNER JOIN card AS c ON n.shard = c.shard AND n.pan_hash = c.pan_hash
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
WHERE b.state = 'voided';

-- name: part_holds
-- What the cards of a part have: money, and points.
SELECT
    coalesce(sum(u.posted_minor) FILTER (WHERE position(':' IN u.unit) = 0), 0)::bigint,
    coalesce(sum(u.posted_minor) FILTER (WHERE starts_with(u.unit, 'P:')), 0)::bigint
FROM card AS c
INNER JOIN purse AS u ON c.shard = u.shard AND c.id = u.card_id
WHERE
    c.id > (%(part)s::bigint << 32)
    AND c.id < ((%(part)s::bigint + 1) << 32);

-- name: brings_value
-- Its cards come with what they have: they were their holders' before.
-- notes: card_batch_part
UPDATE card_batch_part AS t
SET
    brings_value = true,
    made = t.cards,
    state = 'generating'
WHERE t.id = %s;

-- name: batch_is_generating
-- While its cards get what they had.
-- notes: card_batch
UPDATE card_batch AS t SET state = 'generating'
WHERE t.id = %s AND t.state = 'draft';
