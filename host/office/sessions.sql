-- Who asks: signing in, sessions, one-time codes.

-- name: person_of_login
-- Who signs in, held so that tries are counted one by one.
SELECT
    id,
    password_hash,
    totp_sealed,
    totp_is_on,
    totp_step,
    state,
    failures,
    locked_until,
    member_id,
    pay_pin_hash
FROM person
WHERE login = %s
FOR UPDATE;

-- name: count_failure
-- A wrong password or code; after some the person is shut out for a while.
-- notes: person
UPDATE person AS t
SET
    failures = %(failures)s,
    locked_until = %(locked_until)s
WHERE t.id = %(id)s;

-- name: take_in
-- Signed in.
-- notes: person
UPDATE person AS t
SET
    failures = 0,
    locked_until = NULL,
    signed_in_at = %(now)s,
    totp_step = %(totp_step)s
WHERE t.id = %(id)s;

-- name: use_code
-- A step is good once.
-- notes: person
UPDATE person AS t
SET
    failures = 0,
    totp_step = %(totp_step)s
WHERE t.id = %(id)s;

-- name: add_session
-- Of its token only a hash is kept.
-- notes: session
INSERT INTO session AS t (
    token_hash, person_id, grant_id, made_at, used_at, expires_at, source
)
VALUES (
    %(token_hash)s, %(person)s, %(grant)s, %(now)s, %(now)s, %(expires_at)s, %(source)s
);

-- name: session
-- Whoever may act by it: an active person, not shut out, and the grant while it is in force. Who
-- has typed a wrong pay PIN too often still looks.
SELECT
    p.id,
    p.login,
    p.totp_is_on OR p.member_id IS NOT NULL AS has_proof,
    p.member_id,
    s.pin_given_at IS NOT NULL AS has_given_pin,
    s.used_at,
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
FROM session AS s
INNER JOIN person AS p ON s.person_id = p.id
LEFT JOIN person_grant AS g
    ON
        s.grant_id = g.id
        AND g.ended_at IS NULL
        AND g.from_at <= %(now)s
        AND (g.until_at IS NULL OR g.until_at > %(now)s)
WHERE
    s.token_hash = %(token_hash)s
    AND s.ended_at IS NULL
    AND s.expires_at > %(now)s
    AND s.used_at > %(used_after)s
    AND p.state = 'active'
    AND CASE
        WHEN p.member_id IS NULL THEN p.locked_until IS NULL OR p.locked_until <= %(now)s
        ELSE
            EXISTS (
                SELECT FROM member AS m
                WHERE m.id = p.member_id AND m.state <> 'closed'
            )
    END;

-- name: touch_session
-- It is in use; told once a minute.
-- notes: session
UPDATE session AS t SET used_at = %(now)s
WHERE t.token_hash = %(token_hash)s;

-- name: choose_grant
-- Another grant of the same person.
-- notes: session
UPDATE session AS t SET grant_id = %(grant)s
WHERE t.token_hash = %(token_hash)s;

-- name: end_session
-- Signed out.
-- notes: session
UPDATE session AS t SET ended_at = %(now)s
WHERE t.token_hash = %(token_hash)s AND t.ended_at IS NULL;

-- name: end_sessions
-- All of a person but one, when what they sign in by has changed.
-- notes: session
UPDATE session AS t SET ended_at = %(now)s
WHERE
    t.person_id = %(person)s
    AND t.ended_at IS NULL
    AND t.token_hash <> %(but)s;

-- name: names_of_places
-- What is called how: where each grant is held, as people know it.
SELECT
    g.id,
    coalesce(
        (SELECT s.name FROM store AS s WHERE s.id = g.store_id),
        (SELECT m.name FROM merchant AS m WHERE m.id = g.merchant_id),
        (SELECT e.name FROM enterprise AS e WHERE e.id = g.enterprise_id),
        (SELECT i.name FROM issuer AS i WHERE i.id = g.issuer_id),
        (SELECT a.name FROM alliance AS a WHERE a.id = g.alliance_id),
        ''
    ) AS name
FROM person_grant AS g
WHERE g.id = any(%(grants)s::bigint []);

-- name: grants_of
-- What a person may be, the oldest first; with what begins later, too, where that is asked for.
SELECT
    g.id,
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
FROM person_grant AS g
WHERE
    g.person_id = %(person)s
    AND g.ended_at IS NULL
    AND (g.from_at <= %(now)s OR %(with_later)s)
    AND (g.until_at IS NULL OR g.until_at > %(now)s)
ORDER BY g.id;

-- name: step_up
-- What a code is waited for.
SELECT
    asked_at,
    tries
FROM step_up
WHERE session_hash = %(session)s AND digest = %(digest)s
FOR UPDATE;

-- name: ask_step_up
-- A code is waited for, for a while and some tries.
-- notes: step_up
INSERT INTO step_up AS t (session_hash, digest, asked_at, tries)
VALUES (%(session)s, %(digest)s, %(now)s, 0)
ON CONFLICT (session_hash, digest) DO UPDATE
    SET
        asked_at = excluded.asked_at,
        tries = 0;

-- name: count_try
-- It was wrong.
-- notes: step_up
UPDATE step_up AS t SET tries = t.tries + 1
WHERE t.session_hash = %(session)s AND t.digest = %(digest)s;

-- name: end_step_up
-- It was right, and is used.
-- notes: step_up
DELETE FROM step_up AS t
WHERE t.session_hash = %(session)s AND t.digest = %(digest)s;

-- name: give_pin
-- It was right: what is shown once it was given is shown in this session.
-- notes: session
UPDATE session AS t SET pin_given_at = %(now)s
WHERE t.token_hash = %(session)s;
