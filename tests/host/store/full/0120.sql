-- A program of a merchant has a key.

INSERT INTO person (login, name, state, is_client, merchant_id, created_at, created_by)
SELECT 'till-erp', 'Stock of the shop', 'active', true, 1, '2026-11-01 08:00:00+00', min(p.id)
FROM person AS p;

INSERT INTO person_grant (
    person_id, role, scope, merchant_id, actions, views, networks, calls_a_minute, from_at
)
SELECT
    p.id, 'api_client', 'merchant', 1, '{member.add}', '{stores}', '{192.0.2.0/24}', 60,
    '2026-11-01 08:00:00+00'
FROM person AS p
WHERE p.is_client;

INSERT INTO api_key (token_hash, person_id, prefix, made_at, made_by, expires_at, used_at)
SELECT
    sha256('key'), p.id, 'psk_AbCdEfGh', '2026-11-01 08:00:00+00', 'wu',
    '2027-11-01 08:00:00+00', '2026-11-02 08:00:00+00'
FROM person AS p
WHERE p.is_client;
