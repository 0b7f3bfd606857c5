-- What is looked at before a gift is sent or ends. Nothing is held: the poster has the last word.

-- name: gift_card
-- A card as who gives or gets: where it lives, whose it is, in which money.
SELECT
    c.shard,
    c.pan_hash,
    c.id,
    c.issuer_id,
    coalesce(c.member_id, 0) AS member,
    i.currency
FROM card AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
WHERE c.id = %s;

-- name: phone_of
-- By what a member's phone is known.
SELECT
    phone_hash,
    phone_masked
FROM member
WHERE id = %s AND phone_hash IS NOT NULL;

-- name: member_of
-- Who has a phone.
SELECT id FROM member
WHERE phone_hash = %s AND record_at = '';

-- name: gift
-- A gift by its number, or by the keyed hash of its link.
SELECT
    g.shard,
    g.journal_id,
    g.card_id,
    g.sender_id,
    j.amount_minor,
    j.unit,
    g.state,
    g.phone_hash
FROM gift AS g
INNER JOIN journal AS j ON g.shard = j.shard AND g.journal_id = j.id
WHERE g.journal_id = %(number)s OR g.token_hash = %(token)s
ORDER BY g.journal_id
LIMIT 1;
