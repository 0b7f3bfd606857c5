-- Who has a voucher is reminded a week after it was handed out, and was.

INSERT INTO reminder (enterprise_id, trigger, days, state, saved_by, saved_at)
SELECT e.id, 'after_issue', 7, 'on', 'hr', '2026-10-01 09:00:00+00' FROM enterprise AS e;
INSERT INTO staff_reminder (
    enterprise_id, issue_id, place, occasion, state, attempts, next_at, made_at, sent_at
)
SELECT
    g.enterprise_id,
    g.issue_id,
    g.place,
    'after_issue/7',
    'sent',
    1,
    '2026-10-08 09:00:00+00',
    '2026-10-08 09:00:00+00',
    '2026-10-08 09:00:01+00'
FROM staff_voucher AS g
WHERE g.state = 'issued';
