-- Moves of value between cards, as the clock drives them on.

-- name: open_moves
-- Those that are not done, behind the last one seen.
SELECT
    m.shard,
    m.card_id,
    m.name,
    m.origin,
    m.made_by,
    m.step,
    m.wanted,
    giver.pan_hash,
    m.to_shard,
    receiver.pan_hash AS to_hash,
    m.fee_minor,
    issuer.currency,
    m.points,
    m.unit
FROM move AS m
INNER JOIN issuer ON m.issuer_id = issuer.id
INNER JOIN card AS giver ON m.shard = giver.shard AND m.card_id = giver.id
LEFT JOIN card AS receiver ON m.to_shard = receiver.shard AND m.to_card = receiver.id
WHERE
    m.state = 'open'
    AND (m.shard, m.card_id, m.name) > (%(shard)s, %(card)s, %(name)s)
ORDER BY m.shard, m.card_id, m.name
LIMIT %(limit)s;

-- name: transit
-- What a step has sent on its way, and whether it is known to have come; none: it sent nothing.
SELECT
    t.is_open,
    j.amount_minor,
    j.unit,
    t.expires_on,
    t.is_debt,
    t.available_from,
    c.shard,
    c.pan_hash
FROM transit AS t
INNER JOIN journal AS j ON t.shard = j.shard AND t.journal_id = j.id
INNER JOIN card AS c ON t.to_shard = c.shard AND t.to_card = c.id
WHERE t.shard = %(shard)s AND t.journal_id = %(number)s;

-- name: arrived
-- It is on the other card.
-- notes: transit
UPDATE transit AS t SET is_open = false
WHERE t.shard = %(shard)s AND t.journal_id = %(number)s AND t.is_open;

-- name: next_step
-- A step is done; so many points less are to leave.
-- notes: move
UPDATE move AS t SET
    step = t.step + 1,
    points = t.points - %(points)s
WHERE
    t.shard = %(shard)s
    AND t.card_id = %(card)s
    AND t.name = %(name)s
    AND t.step = %(step)s;

-- name: finish
-- Nothing is left, and nothing has come back meanwhile.
-- notes: move
UPDATE move AS t SET
    state = 'done',
    ended_at = %(now)s
WHERE
    t.shard = %(shard)s
    AND t.card_id = %(card)s
    AND t.name = %(name)s
    AND t.wanted = %(wanted)s
    AND t.state = 'open';

-- name: refuse
-- It cannot be done: people are to look at it.
-- notes: move
UPDATE move AS t SET
    state = 'refused',
    refused = %(refused)s,
    ended_at = %(now)s
WHERE
    t.shard = %(shard)s
    AND t.card_id = %(card)s
    AND t.name = %(name)s
    AND t.state = 'open';
