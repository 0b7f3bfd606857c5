-- A member's code that paid, one that was shown before it, a store's that stays and one for a bill.

INSERT INTO pay_code (
    code_hash, member_id, store_id, amount_minor, made_by, made_at, expires_at, used_by, is_over
)
VALUES
(
    '\x01', 1, NULL, NULL, 'somebody', '2026-10-01 03:41:00+00', '2026-10-01 03:42:00+00',
    'pos/80010001/000012/000001/f', false
),
(
    '\x02', 1, NULL, NULL, 'somebody', '2026-10-01 03:40:00+00', '2026-10-01 03:41:00+00',
    NULL, true
),
('\x03', NULL, 1, NULL, 'somebody', '2026-10-01 03:40:00+00', NULL, NULL, false),
(
    '\x04', NULL, 1, 2000, 'somebody', '2026-10-01 03:40:00+00', '2026-10-01 03:55:00+00',
    NULL, false
);
