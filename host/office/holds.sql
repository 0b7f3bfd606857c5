-- What is held, as it is let go of by hand.

-- name: hold_left
-- Of which card, for whom it is kept, and how much is left.
SELECT
    card_id,
    owner,
    held_minor
FROM hold
WHERE id = %s
ORDER BY id
LIMIT 1;
