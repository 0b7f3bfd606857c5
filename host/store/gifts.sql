-- Gifts, as they are posted and as the clock gives them back.

-- name: gifts
-- Gifts that are to end, held until this batch is kept: nobody else ends them meanwhile.
SELECT
    g.shard,
    g.journal_id,
    g.card_id,
    g.issuer_id,
    g.sender_id,
    j.amount_minor,
    j.unit,
    g.depth,
    g.state,
    g.due_at
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN gift AS g ON k.shard = g.shard AND k.id = g.journal_id
INNER JOIN journal AS j ON g.shard = j.shard AND g.journal_id = j.id
ORDER BY g.shard ASC, g.journal_id ASC
FOR UPDATE OF g;

-- name: given
-- How often what came onto these cards as gifts had been given.
SELECT
    k.card_id,
    g.depth
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS card_id) AS k
INNER JOIN LATERAL (
    SELECT gift.depth
    FROM gift
    WHERE gift.to_shard = k.shard AND gift.to_card = k.card_id AND gift.state = 'claimed'
    ORDER BY gift.depth DESC
    LIMIT 1
) AS g ON true;

-- name: waiting
-- Money that has left these cards as gifts and waits, of cards that are asked for more than they
-- have.
SELECT
    g.card_id,
    sum(j.amount_minor)::bigint AS amount_minor
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS card_id) AS k
INNER JOIN gift AS g ON k.shard = g.shard AND k.card_id = g.card_id
INNER JOIN journal AS j ON g.shard = j.shard AND g.journal_id = j.id
WHERE g.state = 'reserved'
GROUP BY g.card_id;

-- name: add_gifts
-- What has left a card for somebody.
-- notes: gift
INSERT INTO gift AS t (
    shard, journal_id, card_id, issuer_id, sender_id, depth, sent_at, due_at, token_hash,
    phone_hash, phone_masked, wish, from_name
)
SELECT
    r.shard,
    r.journal_id,
    r.card_id,
    r.issuer_id,
    r.sender_id,
    r.depth,
    r.sent_at,
    r.due_at,
    nullif(r.token_hash, ''::bytea),
    nullif(r.phone_hash, ''::bytea),
    r.phone_masked,
    convert_from(r.wish, 'UTF8'),
    convert_from(r.from_name, 'UTF8')
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS journal_id,
        unnest(%s::bigint []) AS card_id,
        unnest(%s::smallint []) AS issuer_id,
        unnest(%s::bigint []) AS sender_id,
        unnest(%s::smallint []) AS depth,
        unnest(%s::timestamptz []) AS sent_at,
        unnest(%s::timestamptz []) AS due_at,
        unnest(%s::bytea []) AS token_hash,
        unnest(%s::bytea []) AS phone_hash,
        unnest(%s::text []) AS phone_masked,
        unnest(%s::bytea []) AS wish,
        unnest(%s::bytea []) AS from_name
) AS r;

-- name: end_gifts
-- It is on the receiver's card, or on its sender's again. One that somebody else has ended has no
-- state then, and the batch is refused: it is loaded, and decided, again.
-- notes: gift
UPDATE gift AS t SET
    state = CASE WHEN t.state = 'reserved' THEN r.state END,
    ended_as = r.ended_as,
    ended_at = r.ended_at,
    to_shard = r.to_shard,
    to_card = r.to_card,
    ended_id = r.ended_id,
    receiver_id = nullif(r.receiver_id, 0)
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS journal_id,
        unnest(%s::text []) AS state,
        unnest(%s::text []) AS ended_as,
        unnest(%s::timestamptz []) AS ended_at,
        unnest(%s::smallint []) AS to_shard,
        unnest(%s::bigint []) AS to_card,
        unnest(%s::bigint []) AS ended_id,
        unnest(%s::bigint []) AS receiver_id
) AS r
WHERE t.shard = r.shard AND t.journal_id = r.journal_id;

-- name: due
-- Gifts that nobody has claimed in their time, those that are due first behind the last one seen.
SELECT
    g.due_at,
    g.shard,
    g.journal_id,
    c.pan_hash
FROM gift AS g
INNER JOIN card AS c ON g.shard = c.shard AND g.card_id = c.id
WHERE
    g.state = 'reserved'
    AND g.due_at <= %(now)s
    AND (g.due_at, g.shard, g.journal_id) > (%(due_at)s, %(shard)s, %(number)s)
ORDER BY g.due_at, g.shard, g.journal_id
LIMIT %(limit)s;
