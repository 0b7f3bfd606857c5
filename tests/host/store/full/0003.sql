-- The batch of that day, settled and uploaded, and what people had to look at.

UPDATE terminal SET settles_points = false WHERE terminal_id = '80010002';

INSERT INTO terminal_batch (
    institution, terminal_id, epoch, state, attempt, with_points, business_date, told, counted,
    answer, end_answer, settled_at, closed_at
) VALUES (
    'pos', '80010001', '000012', 'closed', 1, true, '2026-09-30',
    '{25245,4,27300,3,90,1,0,0}', '{25245,4,27300,3,100,1,0,0}',
    '\xc101', '\xc102', '2026-09-30 22:00:00+00', '2026-09-30 22:01:00+00'
);

INSERT INTO upload_record (
    institution, terminal_id, epoch, attempt, stan, amount_minor, pan_hash, pan_masked, is_foreign,
    kind
) VALUES
(
    'pos', '80010001', '000012', 1, '000001', 12345, '\x00000000000000000000000000000001',
    '991000******0001', false, 'purchase'
),
('pos', '80010001', '000012', 1, '000002', 5000, NULL, NULL, true, NULL);

INSERT INTO exception_case (
    kind, terminal_id, epoch, stan, detail, amount_minor, unit, times, opened_at, seen_at,
    resolved_at, resolved_by, note
) VALUES
(
    'totals_differ', '80010001', '000012', '', 'the totals differ', 0, 'CNY', 2,
    '2026-09-30 22:00:00+00', '2026-09-30 22:00:30+00', '2026-09-30 22:01:00+00', 'alice', 'seen'
),
(
    'unknown_stan', '80010001', '000012', '000099', 'nobody knows it', 100, 'CNY', 1,
    '2026-09-30 22:01:00+00', '2026-09-30 22:01:00+00', NULL, NULL, NULL
);

INSERT INTO terminal_status (terminal_id, status, reported_at) VALUES
('80010001', '\x0102', '2026-09-30 22:02:00+00');
