-- A programme that was revised.

UPDATE programme SET version = 2 WHERE code = 'GREEN';
