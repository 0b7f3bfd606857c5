-- A member who has signed in, with a pay PIN, and a code that was sent to a phone.

INSERT INTO person (id, login, name, member_id, pay_pin_hash, created_at)
SELECT
    nextval('person_number'),
    'member:' || m.id,
    '',
    m.id,
    '\x00000000000000000000000000000042',
    '2026-11-27 09:00:00+00'
FROM member AS m
ORDER BY m.id
LIMIT 1;
INSERT INTO session (
    token_hash, person_id, made_at, used_at, expires_at, source, pin_given_at
)
SELECT
    '\x0120',
    p.id,
    '2026-11-27 09:00:00+00',
    '2026-11-27 09:00:00+00',
    '2026-11-27 21:00:00+00',
    'web/127.0.0.1',
    '2026-11-27 09:01:00+00'
FROM person AS p
WHERE p.member_id IS NOT NULL;
INSERT INTO phone_code (phone_hash, sent_for, code_hash, sent_at, tries) VALUES
(
    '\x00000000000000000000000000000021', 'sign_in', '\x00000000000000000000000000000022',
    '2026-11-27 09:00:00+00', 1
);
