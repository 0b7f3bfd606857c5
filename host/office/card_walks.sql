-- What stands beside a card's trail in its life: lines of history and how it was made.
-- The trail itself is read by the statements of `host/store/life.sql`.

-- name: lines
-- What people did to the card or were refused, from a number back.
SELECT
    h.id,
    h.at,
    h.action,
    p.login,
    h.acting_as,
    h.outcome
FROM history AS h
LEFT JOIN person AS p ON h.person_id = p.id
WHERE h.subject_kind = 'card' AND h.subject_key = %(card)s AND h.id < %(before)s
ORDER BY h.id DESC
LIMIT %(limit)s;

-- name: milestones
-- When it was made, opened and sold, and by whom; the newest first.
SELECT
    m.at,
    m.event,
    m.made_by,
    m.source
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
LEFT JOIN card_sale AS s ON c.sale_id = s.id
LEFT JOIN LATERAL (
    VALUES
    (p.added_at, 'made', p.added_by, b.code),
    (p.opened_at, 'opened', p.opened_by, b.code),
    (s.sold_at, 'sold', s.sold_by, s.order_reference),
    (s.returned_at, 'returned', s.returned_by, s.order_reference)
) AS m (at, event, made_by, source) ON true
WHERE c.id = %(card)s AND m.at IS NOT NULL
ORDER BY m.at DESC;
