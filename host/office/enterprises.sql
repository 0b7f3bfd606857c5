-- Enterprises that buy vouchers for their staff, what they may spend, and who works there.

-- name: add_enterprise
-- A customer of an issuer.
-- notes: enterprise
INSERT INTO enterprise AS t (code, issuer_id, name, contact, state, made_by, made_at)
VALUES (%(code)s, %(issuer)s, %(name)s, %(contact)s, %(state)s, %(by)s, %(now)s);

-- name: edit_enterprise
-- What is said of it, whole.
-- notes: enterprise
UPDATE enterprise AS t
SET
    name = %(name)s,
    contact = %(contact)s,
    state = %(state)s
WHERE t.id = %(id)s;

-- name: grant_enterprise
-- So much more, or less, than it could spend; never less than it has spent.
-- notes: enterprise
UPDATE enterprise AS t SET granted_minor = t.granted_minor + %(amount)s
WHERE t.id = %(id)s
RETURNING t.granted_minor, t.spent_minor;

-- name: add_grant
-- What was given, or taken back, and who agreed.
-- notes: enterprise_grant
INSERT INTO enterprise_grant AS t (
    enterprise_id, amount_minor, note, given_by, agreed_by, given_at
)
VALUES (%(id)s, %(amount)s, %(note)s, %(by)s, %(agreed_by)s, %(now)s);

-- name: add_department
-- Its people may redeem what is said.
-- notes: department
INSERT INTO department AS t (enterprise_id, name, may_goods, may_services)
VALUES (%(enterprise)s, %(name)s, %(goods)s, %(services)s)
ON CONFLICT ON CONSTRAINT department_once DO NOTHING;

-- name: edit_department
-- From the next redemption on.
-- notes: department
UPDATE department AS t
SET
    may_goods = %(goods)s,
    may_services = %(services)s
WHERE t.enterprise_id = %(enterprise)s AND t.name = %(name)s;

-- name: add_departments
-- Those that a file names and that are not there: their people may redeem everything.
-- notes: department
INSERT INTO department AS t (enterprise_id, name)
SELECT DISTINCT
    %(enterprise)s::integer,
    r.name
FROM unnest(%(departments)s::text []) AS r (name)
ON CONFLICT ON CONSTRAINT department_once DO NOTHING;

-- name: save_employee
-- By the number that they have there.
-- notes: employee
INSERT INTO employee AS t (
    enterprise_id, code, name, member_id, phone_masked, department, grade, state, saved_by, saved_at
)
VALUES (
    %(enterprise)s, %(code)s, %(name)s, %(member)s, %(masked)s, %(department)s, %(grade)s,
    %(state)s, %(by)s, %(now)s
);

-- name: edit_employee
-- What is said of them, whole.
-- notes: employee
UPDATE employee AS t
SET
    name = %(name)s,
    member_id = %(member)s,
    phone_masked = %(masked)s,
    department = %(department)s,
    grade = %(grade)s,
    state = %(state)s,
    saved_by = %(by)s,
    saved_at = %(now)s
WHERE t.id = %(id)s;

-- name: employees_by_phone
-- Who of an enterprise has one of these phones.
SELECT
    m.phone_hash,
    e.code
FROM member AS m
INNER JOIN employee AS e ON m.id = e.member_id AND e.enterprise_id = %(enterprise)s
WHERE m.phone_hash = any(%(hashes)s::bytea []) AND m.record_at = '';

-- name: add_phones
-- Phones that nobody had become members.
-- notes: member
INSERT INTO member AS t (phone_hash, phone_sealed, phone_masked, name, made_by, made_at)
SELECT
    r.phone_hash,
    r.phone_sealed,
    r.phone_masked,
    '',
    %(by)s::text,
    %(now)s::timestamptz
FROM
    unnest(
        %(hashes)s::bytea [], %(sealed)s::bytea [], %(masked)s::text []
    ) AS r (phone_hash, phone_sealed, phone_masked)
ON CONFLICT ON CONSTRAINT member_by_phone DO NOTHING;

-- name: take_employees
-- All of a file: who is new, and what is said anew of who is there.
-- notes: employee
INSERT INTO employee AS t (
    enterprise_id, code, name, member_id, phone_masked, department, grade, state, saved_by, saved_at
)
SELECT
    %(enterprise)s::integer,
    r.code,
    r.name,
    m.id,
    r.phone_masked,
    r.department,
    r.grade,
    r.state,
    %(by)s::text,
    %(now)s::timestamptz
FROM
    unnest(
        %(codes)s::text [], %(names)s::text [], %(hashes)s::bytea [], %(masked)s::text [],
        %(departments)s::text [], %(grades)s::text [], %(states)s::text []
    ) AS r (code, name, phone_hash, phone_masked, department, grade, state)
INNER JOIN member AS m ON r.phone_hash = m.phone_hash AND m.record_at = ''
ON CONFLICT ON CONSTRAINT employee_once DO UPDATE
    SET
        name = excluded.name,
        member_id = excluded.member_id,
        phone_masked = excluded.phone_masked,
        department = excluded.department,
        grade = excluded.grade,
        state = excluded.state,
        saved_by = excluded.saved_by,
        saved_at = excluded.saved_at;
