-- People and what they may do.

-- name: add_person
-- Invited: there is no password until the invitation is taken up.
-- notes: person
INSERT INTO person AS t (
    login, name, phone_hash, phone_sealed, phone_masked, issuer_id, merchant_id, store_id,
    alliance_id, enterprise_id, created_at, created_by
)
VALUES (
    %(login)s, %(name)s, %(phone_hash)s, %(phone_sealed)s, %(phone_masked)s, %(issuer_id)s,
    %(merchant_id)s, %(store_id)s, %(alliance_id)s, %(enterprise_id)s, %(now)s, %(by)s
)
RETURNING t.id;

-- name: rename_person
-- What others call them.
-- notes: person
UPDATE person AS t SET name = %(name)s
WHERE t.id = %(id)s;

-- name: change_phone
-- How they are reached.
-- notes: person
UPDATE person AS t
SET
    phone_hash = %(phone_hash)s,
    phone_sealed = %(phone_sealed)s,
    phone_masked = %(phone_masked)s
WHERE t.id = %(id)s;

-- name: set_state
-- Locked, unlocked, disabled; tries begin anew.
-- notes: person
UPDATE person AS t
SET
    state = %(state)s,
    failures = 0,
    locked_until = NULL
WHERE t.id = %(id)s;

-- name: set_password
-- The person's own from here on.
-- notes: person
UPDATE person AS t
SET
    password_hash = %(password_hash)s,
    state = 'active',
    failures = 0,
    locked_until = NULL
WHERE t.id = %(id)s;

-- name: drop_password
-- Until the new invitation is taken up nobody signs in.
-- notes: person
UPDATE person AS t
SET
    password_hash = NULL,
    state = 'invited'
WHERE t.id = %(id)s;

-- name: set_seed
-- Of one-time codes, to be proved by the first of them.
-- notes: person
UPDATE person AS t
SET
    totp_sealed = %(totp_sealed)s,
    totp_is_on = false
WHERE t.id = %(id)s;

-- name: prove_seed
-- The app shows what we expect.
-- notes: person
UPDATE person AS t
SET
    totp_is_on = true,
    totp_step = %(totp_step)s
WHERE t.id = %(id)s;

-- name: drop_seed
-- Another phone.
-- notes: person
UPDATE person AS t
SET
    totp_sealed = NULL,
    totp_is_on = false
WHERE t.id = %(id)s;

-- name: add_invitation
-- Of its token only a hash is kept.
-- notes: invitation
INSERT INTO invitation AS t (token_hash, person_id, made_at, made_by, expires_at)
VALUES (%(token_hash)s, %(person)s, %(now)s, %(by)s, %(expires_at)s);

-- name: end_invitations
-- A new one makes those before worth nothing.
-- notes: invitation
UPDATE invitation AS t SET used_at = %(now)s
WHERE t.person_id = %(person)s AND t.used_at IS NULL;

-- name: use_invitation
-- Good once, for a while.
-- notes: invitation
UPDATE invitation AS t SET used_at = %(now)s
WHERE t.token_hash = %(token_hash)s AND t.used_at IS NULL AND t.expires_at > %(now)s
RETURNING t.person_id;

-- name: invited
-- Who took it up.
SELECT
    login,
    state
FROM person
WHERE id = %s
FOR UPDATE;

-- name: add_grant
-- From now or later on, until then or for good.
-- notes: person_grant
INSERT INTO person_grant AS t (
    person_id, role, scope, issuer_id, merchant_id, store_id, alliance_id, enterprise_id, rights,
    limit_minor, actions, views, networks, calls_a_minute, from_at, until_at, granted_by
)
VALUES (
    %(person)s, %(role)s, %(scope)s, %(issuer_id)s, %(merchant_id)s, %(store_id)s, %(alliance_id)s,
    %(enterprise_id)s, %(rights)s, %(limit_minor)s, %(actions)s, %(views)s, %(networks)s,
    %(calls_a_minute)s, %(from_at)s, %(until_at)s, %(by)s
)
RETURNING t.id;

-- name: end_grant
-- Taken back.
-- notes: person_grant
UPDATE person_grant AS t
SET
    ended_at = %(now)s,
    ended_by = %(by)s
WHERE t.id = %(id)s AND t.ended_at IS NULL;

-- name: end_grants_of
-- Everything a person held.
-- notes: person_grant
UPDATE person_grant AS t
SET
    ended_at = %(now)s,
    ended_by = %(by)s
WHERE t.person_id = %(person)s AND t.ended_at IS NULL;

-- name: batches_of
-- Card batches that a person is responsible for, and that have not ended.
SELECT code
FROM card_batch
WHERE responsible = %(login)s AND state NOT IN ('voided', 'expired', 'closed')
ORDER BY id;

-- name: hand_over
-- Another is responsible for them.
-- notes: card_batch
UPDATE card_batch AS t SET responsible = %(to)s
WHERE t.responsible = %(login)s AND t.state NOT IN ('voided', 'expired', 'closed')
RETURNING t.code;

-- name: other_administrators
-- Whether somebody else could still give rights.
SELECT count(*)
FROM person_grant AS g
INNER JOIN person AS p ON g.person_id = p.id
WHERE
    g.role = 'platform_admin'
    AND g.ended_at IS NULL
    AND g.from_at <= %(now)s
    AND (g.until_at IS NULL OR g.until_at > %(now)s)
    AND p.state = 'active'
    AND p.id <> %(person)s;

-- name: person_number
-- By login.
SELECT id FROM person WHERE login = %s;

-- name: hold_people
-- The first is made once.
SELECT pg_advisory_xact_lock(34180, -2);

-- name: anybody
-- Whether there is somebody who ever had a role: who came with an estate never has one.
SELECT exists(SELECT 1 FROM person_grant);
