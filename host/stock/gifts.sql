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
    g.phone_hash,
    g.receiver_id
FROM gift AS g
INNER JOIN journal AS j ON g.shard = j.shard AND g.journal_id = j.id
WHERE g.journal_id = %(number)s OR g.token_hash = %(token)s
ORDER BY g.journal_id
LIMIT 1;

-- name: waiting_for
-- Those that wait for a phone; of more than two it is not asked how many.
SELECT journal_id FROM gift
WHERE phone_hash = %s AND state = 'reserved'
ORDER BY journal_id
LIMIT 2;

-- name: waiting_of
-- Those that have left a card.
SELECT journal_id FROM gift
WHERE card_id = %s AND state = 'reserved'
ORDER BY journal_id
LIMIT 2;

-- name: merged
-- Cards of members as they are emptied or filled: whose, until when, what may be spent of them, and
-- what they may hold.
SELECT
    c.shard,
    c.id,
    c.issuer_id,
    coalesce(c.member_id, 0) AS member,
    coalesce(
        c.valid_to, (to_date(c.expiry, 'YYMM') + interval '1 month' - interval '1 day')::date
    ) AS last_day,
    coalesce(p.posted_minor - p.held_minor, 0)::bigint AS free_minor,
    least(i.balance_minor_max, coalesce(v.balance_minor_max, i.balance_minor_max)) AS most_minor
FROM card AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
LEFT JOIN purse AS p ON c.shard = p.shard AND c.id = p.card_id AND i.currency = p.unit
LEFT JOIN card_batch_part AS q ON c.part_id = q.id
LEFT JOIN card_batch AS b ON q.batch_id = b.id
LEFT JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version
WHERE c.id = %s;

-- name: merge_to
-- All of a card is to be on another; once at a time.
-- notes: move
INSERT INTO move AS t (
    shard, card_id, issuer_id, name, to_shard, to_card, origin, made_by, asked_at
)
VALUES (
    %(shard)s, %(card)s, %(issuer)s, 'merge', %(to_shard)s, %(to_card)s, 'office', %(by)s, %(now)s
)
ON CONFLICT ON CONSTRAINT move_once DO UPDATE
    SET
        to_shard = excluded.to_shard,
        to_card = excluded.to_card,
        made_by = excluded.made_by,
        asked_at = excluded.asked_at,
        state = 'open',
        wanted = t.wanted + 1,
        ended_at = NULL,
        refused = ''
    WHERE t.state <> 'open'
RETURNING t.card_id;
