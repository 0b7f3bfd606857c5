-- What is shown of programs, and of what they hear.

-- name: api_clients
-- Programs: what each may do and see, and by which keys it is known now.
SELECT
    p.id,
    p.login AS client,
    p.name,
    g.scope,
    coalesce(i.institution_id, s.id::text, m.merchant_id, a.code, '') AS scope_key,
    g.actions,
    g.views,
    g.networks,
    g.calls_a_minute,
    g.limit_minor,
    array(
        SELECT k.prefix
        FROM api_key AS k
        WHERE k.person_id = p.id AND k.expires_at > %(now)s
        ORDER BY k.made_at
    ) AS api_keys,
    (SELECT max(k.used_at) FROM api_key AS k WHERE k.person_id = p.id) AS called_at,
    (
        SELECT max(k.expires_at)
        FROM api_key AS k
        WHERE k.person_id = p.id AND k.expires_at > %(now)s
    ) AS until_at,
    p.issuer_id AS of_issuer,
    p.merchant_id AS of_merchant,
    p.store_id AS of_store,
    p.alliance_id AS of_alliance
FROM person AS p
LEFT JOIN LATERAL (
    SELECT h.*
    FROM person_grant AS h
    WHERE h.person_id = p.id AND h.ended_at IS NULL
    ORDER BY h.id DESC
    LIMIT 1
) AS g ON true
LEFT JOIN issuer AS i ON g.issuer_id = i.id
LEFT JOIN merchant AS m ON g.merchant_id = m.id
LEFT JOIN store AS s ON g.store_id = s.id
LEFT JOIN alliance AS a ON g.alliance_id = a.id
WHERE p.is_client;

-- name: webhooks
-- Which program hears of what, and whether it does.
SELECT
    w.code AS webhook,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    w.url AS address,
    w.events,
    w.state,
    (
        SELECT count(*)
        FROM (
            SELECT q.id
            FROM webhook_message AS q
            WHERE q.webhook = w.code AND q.state = 'queued'
            ORDER BY q.next_at, q.id
            LIMIT 1000
        ) AS waits
    ) AS waiting_messages,
    w.failing_since,
    CASE WHEN w.failures > 0 THEN w.next_at END AS next_at,
    nullif(w.last_error, '') AS last_error,
    w.issuer_id AS of_issuer,
    w.merchant_id AS of_merchant
FROM webhook AS w
LEFT JOIN merchant AS m ON w.merchant_id = m.id
LEFT JOIN issuer AS i ON w.issuer_id = i.id;

-- name: webhook_messages
-- What one was told, and how each message stands; when it is tried next, while it is.
SELECT
    d.id,
    d.webhook,
    d.event,
    d.body,
    d.made_at,
    d.state AS message_state,
    d.attempts,
    CASE WHEN d.state = 'queued' THEN d.next_at END AS next_at,
    d.last_status,
    nullif(d.last_error, '') AS last_error,
    d.delivered_at,
    d.issuer_id AS of_issuer,
    d.merchant_id AS of_merchant
FROM webhook_message AS d;
