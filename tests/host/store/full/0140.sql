-- A complaint to a merchant about a card, and its answer, which the member has read.

INSERT INTO letter (
    id, thread, member_id, record_id, merchant_id, way, topic, title, body, card_id, written_by,
    wrote_at, office_seen_at, office_seen_by, member_seen_at
)
SELECT
    v.id,
    1,
    p.member_id,
    NULL,
    (SELECT min(m.id) FROM merchant AS m),
    v.way,
    'complaint',
    'The till',
    v.body,
    4,
    v.written_by,
    v.at::timestamptz,
    '2026-11-27 10:00:00+00',
    'owner',
    v.at::timestamptz
FROM (
    VALUES
    (1, 'from_member', 'It took long.', 'member', '2026-11-27 09:30:00+00'),
    (2, 'to_member', 'We are sorry.', 'owner', '2026-11-27 10:00:00+00')
) AS v (id, way, body, written_by, at)
INNER JOIN person AS p ON p.login = 'member:' || p.member_id;

-- And one of the issuer's, which its member has let go of.
INSERT INTO letter (
    id, thread, member_id, record_id, issuer_id, way, topic, title, body, written_by, wrote_at,
    office_seen_at, office_seen_by, member_seen_at, member_dropped_at
)
SELECT
    3,
    3,
    p.member_id,
    p.member_id,
    1,
    'to_member',
    'message',
    'Your card',
    'It was sent.',
    'service',
    '2026-11-27 11:00:00+00',
    '2026-11-27 11:00:00+00',
    'service',
    '2026-11-27 12:00:00+00',
    '2026-11-27 12:00:01+00'
FROM person AS p
WHERE p.login = 'member:' || p.member_id;
