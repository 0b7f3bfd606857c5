-- Somebody of an alliance: their grant, what they asked for and had let be done, and what was kept.

INSERT INTO person (id, login, name, alliance_id, created_at)
VALUES (nextval('person_number'), 'harbour', 'Sun', 1, '2026-11-26 09:00:00+00');
INSERT INTO person_grant (id, person_id, role, scope, alliance_id, from_at)
SELECT
    nextval('grant_number'),
    p.id,
    'alliance_manager',
    'alliance',
    1,
    '2026-11-26 09:00:00+00'
FROM person AS p
WHERE p.login = 'harbour';
INSERT INTO approval (
    id, action, subject_kind, subject_key, merchant_id, alliance_id, asked, digest, seen, asked_by,
    asked_as, asked_at, expires_at
)
SELECT
    nextval('approval_number'),
    'alliance.invite',
    'alliance_member',
    'HARBOUR/1/2026-12-01',
    1,
    1,
    '{"alliance": "HARBOUR"}',
    '\x0f',
    '',
    g.person_id,
    g.id,
    '2026-11-26 09:12:00+00',
    '2026-11-29 09:12:00+00'
FROM person_grant AS g
WHERE g.scope = 'alliance';
INSERT INTO history (
    id, at, person_id, acting_as, action, subject_kind, subject_key, merchant_id, alliance_id,
    source, outcome
)
SELECT
    nextval('history_number'),
    '2026-11-26 09:12:00+00',
    g.person_id,
    'alliance_manager@alliance/1',
    'alliance.invite',
    'alliance_member',
    'HARBOUR/1/2026-12-01',
    1,
    1,
    '10.0.0.8',
    'asked'
FROM person_grant AS g
WHERE g.scope = 'alliance';
INSERT INTO job (
    id, action, subject_kind, subject_key, alliance_id, plan, total, asked_by, asked_at
)
SELECT
    nextval('job_number'),
    'alliance.save',
    'alliance',
    'HARBOUR',
    1,
    '{}',
    1,
    p.id,
    '2026-11-26 09:00:00+00'
FROM person AS p
WHERE p.login = 'harbour';
INSERT INTO office_file (kind, name, person_id, alliance_id, state, made_at, expires_at)
SELECT
    'import',
    'members.csv',
    p.id,
    1,
    'gone',
    '2026-11-26 09:00:00+00',
    '2026-11-26 10:00:00+00'
FROM person AS p
WHERE p.login = 'harbour';
INSERT INTO disclosure (
    at, kind, person_id, subject_kind, subject_key, alliance_id, what, has_secrets, purpose
)
SELECT
    '2026-11-26 09:00:00+00',
    'unmask',
    p.id,
    'alliance',
    'HARBOUR',
    1,
    'phone',
    false,
    'to call'
FROM person AS p
WHERE p.login = 'harbour';
