-- A merchant has its files brought to a server, an issuer to a directory; one is there.

INSERT INTO delivery_way (
    merchant_id, issuer_id, form, directory, host, port, login, host_key, is_acknowledged,
    is_active, set_at, set_by, agreed_by
) VALUES
(
    1, NULL, 'fixed', 'inbox', 'sftp.shop.example', 22, 'posswitch',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUfBqF0tmFtYzr3tWIFB8AIBTjoTVu1UEHfAiAMIcSG', true,
    true, '2026-10-01 08:00:00+00', 'wu', 'li'
),
(
    NULL, 1, 'csv', 'bank/inbox', NULL, NULL, NULL, NULL, false, true, '2026-10-01 08:00:00+00',
    'wu', 'li'
);

INSERT INTO delivery (
    business_date, name, way_id, state, attempts, next_at, last_error, size_bytes, sha256,
    queued_at, delivered_at, acknowledged_at
) SELECT
    f.business_date, f.name, w.id, 'acknowledged', 2, '2026-10-02 08:02:00+00', 'timed out', 400,
    sha256('sent'), '2026-10-02 08:00:00+00', '2026-10-02 08:02:00+00', '2026-10-02 08:03:00+00'
FROM clearing_file AS f
CROSS JOIN delivery_way AS w
WHERE f.side = 'merchant' AND w.form = 'fixed'
ORDER BY f.business_date, f.name
LIMIT 1;
