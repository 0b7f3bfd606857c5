-- A merchant's own record of a member whom others know.

INSERT INTO member (
    phone_hash, phone_sealed, phone_masked, name, merchant_id, made_by, made_at, record_at,
    issuer_id
)
SELECT
    m.phone_hash,
    m.phone_sealed,
    m.phone_masked,
    'Wang',
    1,
    'mo',
    '2026-11-26 09:00:00+00',
    'merchant/1',
    1
FROM member AS m
ORDER BY m.id
LIMIT 1;
