-- Programs of a merchant and of an issuer hear of what is traded; one message is not taken yet.

INSERT INTO webhook (
    code, issuer_id, merchant_id, url, events, secret_sealed, state, failures, failing_since,
    next_at, last_error, made_at, made_by
)
SELECT
    w.code,
    w.issuer_id,
    w.merchant_id,
    'https://shop.example/hook',
    '{transaction.posted}',
    'sealed',
    'active',
    1,
    '2026-10-01 08:00:00+00',
    '2026-10-01 08:00:05+00',
    '500',
    '2026-10-01 07:00:00+00',
    min(p.id)
FROM (VALUES ('wh_0123456789ab', NULL, 1), ('wh_0123456789ac', 1, NULL))
    AS w (code, issuer_id, merchant_id)
CROSS JOIN person AS p
GROUP BY w.code, w.issuer_id, w.merchant_id;

INSERT INTO webhook_message (
    webhook, issuer_id, merchant_id, event, line, body, made_at, state, attempts, next_at,
    last_status, last_error, delivered_at
)
SELECT
    w.code,
    w.issuer_id,
    w.merchant_id,
    'transaction.posted',
    'card/1',
    '{}',
    '2026-10-01 07:30:00+00',
    CASE WHEN w.issuer_id IS NULL THEN 'queued' ELSE 'delivered' END,
    1,
    '2026-10-01 07:30:00+00',
    200,
    '',
    '2026-10-01 07:30:01+00'
FROM webhook AS w;

INSERT INTO webhook_position (shard, journal_id) VALUES (0, 1);
