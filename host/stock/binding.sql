-- What is looked at before a card becomes somebody's. Nothing is held: the poster writes the card.

-- name: card_to_bind
-- A card with its part, batch, product and sale; what an estate file brought has none of them.
SELECT
    c.shard,
    c.pan_hash,
    c.id,
    c.issuer_id,
    c.status,
    coalesce(c.sale, '') AS sale,
    coalesce(c.member_id, 0) AS member,
    c.valid_to,
    p.state AS part_state,
    b.state AS batch_state,
    v.form,
    coalesce(v.activation, '{}') AS ways,
    coalesce(v.is_registered, true) AS is_registered,
    coalesce(b.face_minor, 0) AS face_minor,
    i.currency,
    coalesce(h.id, 0) AS buyer
FROM card AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
LEFT JOIN card_batch_part AS p ON c.part_id = p.id
LEFT JOIN card_batch AS b ON p.batch_id = b.id
LEFT JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version
LEFT JOIN card_sale AS s ON c.sale_id = s.id
LEFT JOIN member AS m ON s.member_id = m.id
LEFT JOIN member AS h ON m.phone_hash = h.phone_hash AND h.record_at = ''
WHERE c.id = %s;

-- name: member_state
-- Whether somebody may be given a card.
SELECT state FROM member WHERE id = %s;

-- name: answered
-- About which card the poster was asked under this key, where it has answered.
SELECT coalesce(card_id, 0) AS card FROM exchange
WHERE home = %s AND slot = %s;
