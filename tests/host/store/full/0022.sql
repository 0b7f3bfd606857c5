-- Two people of a merchant: one asked for what waits, one let it be done; and what was kept of it.

INSERT INTO person (
    id, login, name, phone_hash, phone_sealed, phone_masked, password_hash, totp_sealed, totp_is_on,
    totp_step, state, failures, locked_until, issuer_id, merchant_id, store_id, created_at,
    created_by, signed_in_at
)
SELECT
    p.id,
    p.login,
    'Li',
    '\x01',
    '\x02',
    '138****1234',
    '$argon2id$',
    '\x03',
    true,
    58000000,
    'active',
    1,
    '2026-11-26 09:15:00+00',
    (SELECT min(id) FROM issuer),
    (SELECT min(id) FROM merchant),
    (SELECT min(id) FROM store),
    '2026-11-26 09:00:00+00',
    p.id,
    '2026-11-26 09:10:00+00'
FROM (VALUES (nextval('person_number'), 'li'), (nextval('person_number'), 'wang')) AS p (id, login);

INSERT INTO person_grant (
    id, person_id, role, scope, merchant_id, store_id, rights, limit_minor, from_at, until_at,
    granted_by, ended_at, ended_by
)
SELECT
    nextval('grant_number'),
    1,
    'store_manager',
    'store',
    s.merchant_id,
    s.id,
    '{export}',
    10000,
    '2026-11-26 09:00:00+00',
    '2027-11-26 09:00:00+00',
    2,
    '2026-12-26 09:00:00+00',
    2
FROM store AS s
ORDER BY s.id
LIMIT 1;
INSERT INTO person_grant (id, person_id, role, scope, issuer_id, from_at)
SELECT
    nextval('grant_number'),
    2,
    'issuer_manager',
    'issuer',
    min(i.id),
    '2026-11-26 09:00:00+00'
FROM issuer AS i;

INSERT INTO invitation VALUES
('\x0a', 1, '2026-11-26 09:00:00+00', 2, '2026-11-27 09:00:00+00', '2026-11-26 09:05:00+00');
INSERT INTO session VALUES
(
    '\x0b', 1, 1, '2026-11-26 09:10:00+00', '2026-11-26 09:20:00+00', '2026-11-26 21:10:00+00',
    '2026-11-26 09:30:00+00', '10.0.0.7'
);
INSERT INTO step_up VALUES ('\x0b', '\x0c', '2026-11-26 09:11:00+00', 1);
INSERT INTO approval (
    id, action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id, asked,
    digest, seen, asked_by, asked_as, asked_at, expires_at, state, decided_by, decided_at, note,
    outcome
) VALUES
(
    nextval('approval_number'), 'merchant.close', 'merchant', '1', 1, 1, 1, 1, '{"note": "gone"}',
    '\x0d', '00', 1, 1, '2026-11-26 09:12:00+00', '2026-11-29 09:12:00+00', 'done', 2,
    '2026-11-26 09:13:00+00', 'agreed', '{"subject": "1"}'
);
INSERT INTO history (
    id, at, person_id, acting_as, action, subject_kind, subject_key, issuer_id, merchant_id,
    store_id, member_id, before, after, note, approval_id, source, outcome
) VALUES
(
    nextval('history_number'), '2026-11-26 09:13:00+00', 1, 'store_manager@store/1',
    'merchant.close', 'merchant', '1', 1, 1, 1, 1, '{"is_active": true}', '{"is_active": false}',
    'gone', 1, '10.0.0.7', 'done'
);
INSERT INTO once_key VALUES (1, 'form', '\x0e', '{"type": "done"}', '2026-11-26 09:12:00+00');
INSERT INTO job (
    id, action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id, plan, state,
    done, total, asked_by, asked_at, started_at, beat_at, ended_at, error
) VALUES
(
    nextval('job_number'), 'card_batch.create', 'card_batch', '1', 1, 1, 1, 1, '{"count": 2}',
    'failed', 1, 2, 1, '2026-11-26 09:00:00+00', '2026-11-26 09:00:01+00',
    '2026-11-26 09:00:02+00', '2026-11-26 09:00:03+00', 'no numbers left'
);

UPDATE merchant SET
    trade = 'books', city = '上海', contact = 'Wang', is_active = false,
    closed_on = '2026-11-26'
WHERE id = (SELECT min(m.id) FROM merchant AS m);
UPDATE store SET address = 'Nanjing Road 1', hours = '9-21', phone = '02100000000';
