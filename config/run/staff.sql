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
