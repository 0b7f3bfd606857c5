-- Points of a card that came onto another of its member's, and some that are still to come.

INSERT INTO move (
    shard, card_id, issuer_id, name, to_shard, to_card, origin, made_by, asked_at,
    step, state, ended_at, points, unit
)
VALUES
(
    0, 1, 1, 'gather_points', 1, 2, 'member', '1', '2026-10-01 03:41:00+00',
    3, 'done', '2026-10-01 03:41:01+00', 0, 'P:CITY'
),
(
    1, 2, 1, 'gather_points', 0, 1, 'member', '1', '2026-10-01 03:42:00+00',
    2, 'open', NULL, 150, 'P:CITY'
);
