-- An enterprise with a budget, a department of two, and somebody who hands its vouchers out.

INSERT INTO enterprise (
    code, issuer_id, name, contact, state, granted_minor, spent_minor, made_by, made_at
) VALUES
(
    'ACME', 1, 'Acme', 'hr@acme.example', 'active', 1000000, 0, 'wu', '2026-10-01 08:00:00+00'
);
INSERT INTO enterprise_grant (enterprise_id, amount_minor, note, given_by, agreed_by, given_at)
SELECT e.id, 1000000, 'a year', 'wu', 'li', '2026-10-01 08:00:00+00' FROM enterprise AS e;
INSERT INTO department (enterprise_id, name, may_goods, may_services)
SELECT e.id, 'Sales', true, false FROM enterprise AS e;
INSERT INTO employee (
    enterprise_id, code, name, member_id, phone_masked, department, grade, state, saved_by, saved_at
)
SELECT
    e.id,
    'E' || m.id,
    'Wang',
    m.id,
    m.phone_masked,
    'Sales',
    'M3',
    CASE WHEN m.id % 2 = 0 THEN 'left' ELSE 'working' END,
    'hr',
    '2026-10-01 09:00:00+00'
FROM enterprise AS e
CROSS JOIN member AS m
WHERE m.record_at = '';
INSERT INTO person (id, login, name, issuer_id, enterprise_id, created_at)
SELECT nextval('person_number'), 'hr', 'Li', e.issuer_id, e.id, '2026-10-01 08:00:00+00'
FROM enterprise AS e;
INSERT INTO person_grant (person_id, role, scope, issuer_id, enterprise_id, from_at)
SELECT p.id, 'enterprise_hr', 'enterprise', p.issuer_id, p.enterprise_id, '2026-10-01 08:00:00+00'
FROM person AS p
WHERE p.enterprise_id IS NOT NULL;

UPDATE approval SET enterprise_id = e.id
FROM enterprise AS e
WHERE approval.id = (SELECT min(a.id) FROM approval AS a);
UPDATE history SET enterprise_id = e.id
FROM enterprise AS e
WHERE history.id = (SELECT min(h.id) FROM history AS h);
UPDATE job SET enterprise_id = e.id
FROM enterprise AS e
WHERE job.id = (SELECT min(j.id) FROM job AS j);
UPDATE office_file SET enterprise_id = e.id
FROM enterprise AS e
WHERE office_file.id = (SELECT min(f.id) FROM office_file AS f);
UPDATE disclosure SET enterprise_id = e.id
FROM enterprise AS e
WHERE disclosure.id = (SELECT min(d.id) FROM disclosure AS d);
