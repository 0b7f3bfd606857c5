-- A setting that somebody has set.

UPDATE office_setting SET value = 48, since = '2026-11-26 09:00:00+00', set_by = 'root'
WHERE name = 'approval_hours';
