-- What is kept of every action: history, what waits for another person, and forms that were sent.

-- name: add_line
-- One line for all that was done, asked for or refused.
-- notes: history
INSERT INTO history AS t (
    at, person_id, acting_as, action, subject_kind, subject_key, issuer_id, merchant_id, store_id,
    member_id, alliance_id, enterprise_id, before, after, note, approval_id, source, outcome
)
VALUES (
    %(at)s, %(person)s, %(acting_as)s, %(action)s, %(kind)s, %(key)s, %(issuer_id)s,
    %(merchant_id)s, %(store_id)s, %(member_id)s, %(alliance_id)s, %(enterprise_id)s, %(before)s,
    %(after)s, %(note)s, %(approval)s, %(source)s, %(outcome)s
);

-- name: last_done
-- As what somebody did this to it last.
SELECT acting_as
FROM history
WHERE
    subject_key = %(key)s
    AND subject_kind = %(kind)s
    AND action = %(action)s
    AND outcome = 'done'
ORDER BY at DESC, id DESC
LIMIT 1;

-- name: add_approval
-- Frozen: what is to be done, and what was seen.
-- notes: approval
INSERT INTO approval AS t (
    action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id, alliance_id,
    enterprise_id, asked, sealed, foretold, digest, seen, asked_by, asked_as, asked_at, expires_at
)
VALUES (
    %(action)s, %(kind)s, %(key)s, %(issuer_id)s, %(merchant_id)s, %(store_id)s, %(member_id)s,
    %(alliance_id)s, %(enterprise_id)s, %(asked)s, %(sealed)s, %(foretold)s, %(digest)s, %(seen)s,
    %(asked_by)s, %(asked_as)s, %(asked_at)s, %(expires_at)s
)
RETURNING t.id;

-- name: decide_approval
-- What became of it; what was sealed with it is dropped.
-- notes: approval
UPDATE approval AS t
SET
    state = %(state)s,
    sealed = NULL,
    decided_by = %(decided_by)s,
    decided_at = %(now)s,
    note = %(note)s,
    outcome = %(outcome)s
WHERE t.id = %(id)s AND t.state = 'asked';

-- name: expire_approvals
-- Nobody decided in time.
-- notes: approval
UPDATE approval AS t
SET
    state = 'expired',
    sealed = NULL,
    decided_at = %(now)s
WHERE t.state = 'asked' AND t.expires_at <= %(now)s;

-- name: sealed_of_approval
-- What was typed in with it and is never shown.
SELECT sealed FROM approval WHERE id = %s;

-- name: asker
-- Whether who asked may still ask.
SELECT
    p.id,
    p.login,
    p.totp_is_on,
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
FROM person_grant AS g
INNER JOIN person AS p ON g.person_id = p.id
WHERE
    g.id = %(grant)s
    AND p.id = %(person)s
    AND p.state = 'active'
    AND g.ended_at IS NULL
    AND g.from_at <= %(now)s
    AND (g.until_at IS NULL OR g.until_at > %(now)s);

-- name: hold_form
-- The same form at two places at once: one waits for the other.
SELECT pg_advisory_xact_lock(34180, hashtext(%s));

-- name: form
-- What was told when it was sent before.
SELECT
    digest,
    outcome
FROM once_key
WHERE person_id = %(person)s AND key = %(key)s;

-- name: add_form
-- What is told now.
-- notes: once_key
INSERT INTO once_key AS t (person_id, key, digest, outcome, at)
VALUES (%(person)s, %(key)s, %(digest)s, %(outcome)s, %(at)s);
