-- A card that was given to another member.

UPDATE card SET member_since = '2026-11-20 12:00:00+00' WHERE id = 4294967298;
