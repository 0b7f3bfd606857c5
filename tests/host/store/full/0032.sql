-- A member who is about to leave.

UPDATE member SET state = 'closing', closing_at = '2026-11-26 09:00:00+00'
WHERE id = (SELECT max(m.id) FROM member AS m);
