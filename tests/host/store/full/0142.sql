-- What a member comes for is prepared, and was handed over; and they come again.

INSERT INTO pickup (
    id, card_id, member_id, store_id, due_at, asked_at, state, prepared_by, prepared_at, ended_at
)
SELECT
    v.id,
    4,
    (SELECT min(p.member_id) FROM person AS p WHERE p.member_id IS NOT NULL),
    1,
    '2026-11-28 10:00:00+00',
    '2026-11-28 09:00:00+00',
    v.state,
    v.prepared_by,
    v.prepared_at::timestamptz,
    v.ended_at::timestamptz
FROM (
    VALUES
    (1, 'handed_over', 'clerk', '2026-11-28 09:30:00+00', '2026-11-28 10:01:00+00'),
    (2, 'to_prepare', '', NULL, NULL)
) AS v (id, state, prepared_by, prepared_at, ended_at);
