-- Letters between members and who serves them.

-- name: merchant_of_store
-- Whose a store in use is, where its merchant takes a card of the member.
SELECT s.merchant_id
FROM store AS s
INNER JOIN merchant AS m ON s.merchant_id = m.id AND m.is_active
WHERE
    s.id = %(store)s
    AND s.is_active
    AND EXISTS (
        SELECT FROM card AS c
        INNER JOIN acceptance AS a ON c.issuer_id = a.issuer_id
        WHERE c.member_id = %(member)s AND a.merchant_id = s.merchant_id
    );

-- name: add_letter
-- To or from a member who is not forgotten, whose office knows them by a record of its own, by the
-- holder, or not at all; the first of its thread where it answers none.
-- notes: letter
INSERT INTO letter AS t (
    id, thread, member_id, record_id, issuer_id, merchant_id, way, topic, title, body, card_id,
    written_by, wrote_at, office_seen_at, office_seen_by, member_seen_at
)
SELECT
    n.id,
    coalesce(%(thread)s, n.id),
    m.id,
    CASE
        WHEN %(merchant)s::integer IS NULL AND %(issuer)s::smallint IS NULL THEN m.id
        ELSE (
            SELECT min(r.id)
            FROM member AS r
            WHERE
                r.phone_hash = m.phone_hash
                AND (r.merchant_id = %(merchant)s::integer OR r.issuer_id = %(issuer)s::smallint)
        )
    END,
    %(issuer)s::smallint,
    %(merchant)s::integer,
    %(way)s,
    %(topic)s,
    %(title)s,
    %(body)s,
    %(card)s::bigint,
    %(by)s,
    %(at)s,
    CASE WHEN %(way)s = 'to_member' THEN %(at)s::timestamptz END,
    CASE WHEN %(way)s = 'to_member' THEN %(by)s ELSE '' END,
    CASE WHEN %(way)s = 'from_member' THEN %(at)s::timestamptz END
FROM member AS m
CROSS JOIN LATERAL nextval('letter_number') AS n (id)
WHERE m.id = %(member)s AND m.state <> 'closed'
RETURNING t.id;

-- name: letter_body
-- What it said, for its answer to go by the same title.
SELECT title FROM letter WHERE id = %s;

-- name: nth_letter_from
-- When the letter was written that a member has written so many others after.
SELECT wrote_at
FROM letter
WHERE member_id = %(member)s AND way = 'from_member'
ORDER BY id DESC
LIMIT 1 OFFSET %(others)s;

-- name: seen_by_office
-- The first time counts.
-- notes: letter
UPDATE letter AS t SET office_seen_at = %(at)s, office_seen_by = %(by)s
WHERE t.id = %(id)s AND t.office_seen_at IS NULL;

-- name: seen_by_member
-- The same of its member.
-- notes: letter
UPDATE letter AS t SET member_seen_at = %(at)s
WHERE t.id = %(id)s AND t.member_seen_at IS NULL;

-- name: drop_by_member
-- Theirs no more, and read by that.
-- notes: letter
UPDATE letter AS t
SET
    member_seen_at = coalesce(t.member_seen_at, %(at)s),
    member_dropped_at = %(at)s
WHERE t.id = %(id)s;
