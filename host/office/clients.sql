-- Programs: their keys, and who asks by one.

-- name: add_client
-- It signs in nowhere: it has no password and no invitation.
-- notes: person
INSERT INTO person AS t (
    login, name, state, is_client, issuer_id, merchant_id, store_id, alliance_id, enterprise_id,
    created_at, created_by
)
VALUES (
    %(login)s, %(name)s, 'active', true, %(issuer_id)s, %(merchant_id)s, %(store_id)s,
    %(alliance_id)s, %(enterprise_id)s, %(now)s, %(by)s
)
RETURNING t.id;

-- name: add_key
-- Of the key only a hash is kept, and how it begins.
-- notes: api_key
INSERT INTO api_key AS t (token_hash, person_id, prefix, made_at, made_by, expires_at)
VALUES (%(token_hash)s, %(person)s, %(prefix)s, %(now)s, %(by)s, %(expires_at)s);

-- name: end_keys
-- Those of a client that are good beyond then, or the one that begins so, end then.
-- notes: api_key
UPDATE api_key AS t SET expires_at = %(until)s
WHERE
    t.person_id = %(person)s
    AND t.expires_at > %(until)s
    AND (%(prefix)s::text IS NULL OR t.prefix = %(prefix)s);

-- name: client_of_key
-- Who asks by a key that is good, and the grant while it is in force.
SELECT
    p.id,
    p.login,
    k.used_at,
    g.actions,
    g.views,
    g.networks,
    g.calls_a_minute,
    g.id AS grant_id,
    g.role,
    g.scope,
    g.issuer_id,
    g.merchant_id,
    g.store_id,
    g.alliance_id,
    g.enterprise_id,
    g.rights,
    g.limit_minor,
    coalesce(
        g.store_id::text,
        (SELECT m.merchant_id FROM merchant AS m WHERE m.id = g.merchant_id),
        (SELECT e.code FROM enterprise AS e WHERE e.id = g.enterprise_id),
        (SELECT i.institution_id FROM issuer AS i WHERE i.id = g.issuer_id),
        (SELECT a.code FROM alliance AS a WHERE a.id = g.alliance_id),
        ''
    ) AS held_at
FROM api_key AS k
INNER JOIN person AS p ON k.person_id = p.id
LEFT JOIN LATERAL (
    SELECT h.*
    FROM person_grant AS h
    WHERE
        h.person_id = p.id
        AND h.role = 'api_client'
        AND h.ended_at IS NULL
        AND h.from_at <= %(now)s
        AND (h.until_at IS NULL OR h.until_at > %(now)s)
    ORDER BY h.id DESC
    LIMIT 1
) AS g ON true
WHERE k.token_hash = %(token_hash)s AND k.expires_at > %(now)s AND p.state = 'active';

-- name: touch_key
-- It is in use; told once a minute.
-- notes: api_key
UPDATE api_key AS t SET used_at = %(now)s
WHERE t.token_hash = %(token_hash)s;
