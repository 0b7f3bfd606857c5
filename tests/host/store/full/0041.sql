-- A card that was activated.

UPDATE card SET activated_id = 1, activated_at = '2026-10-01 12:00:00+00' WHERE id = 4294967298;
