-- Cards that are loaded by their members' phone numbers.

-- name: cards_of_phones
-- Cards in use of who has these numbers, those first that are theirs for the longest.
SELECT
    m.phone_hash,
    m.id,
    c.pan_hash,
    c.shard,
    c.issuer_id,
    c.part_id
FROM (SELECT unnest(%s::bytea []) AS phone_hash) AS k
INNER JOIN member AS m
    ON k.phone_hash = m.phone_hash AND m.record_at = '' AND m.state = 'active'
INNER JOIN LATERAL (
    SELECT
        card.id,
        card.pan_hash,
        card.shard,
        card.issuer_id,
        card.part_id,
        card.valid_to,
        card.expiry
    FROM card
    WHERE card.member_id = m.id AND card.status = 'active'
    ORDER BY card.id
    LIMIT %s
) AS c ON true
ORDER BY
    m.phone_hash ASC,
    coalesce(c.valid_to, to_date('20' || c.expiry || '01', 'YYYYMMDD')) DESC,
    c.id ASC;
