-- A pick-up code that was used.

INSERT INTO pickup_use (used_hash, card_id, store_id, used_at, used_by)
SELECT
    sha256('code'),
    4294967299,
    min(id),
    '2026-10-01 09:00:00+00',
    'li'
FROM store;
