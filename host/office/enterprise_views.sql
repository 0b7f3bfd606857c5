-- What views show of enterprises, by their ids.

-- name: enterprises
-- Customers of issuers, and what each may still spend.
SELECT
    e.code AS enterprise,
    e.name,
    e.contact,
    i.institution_id AS issuer,
    e.granted_minor,
    e.spent_minor,
    e.granted_minor - e.spent_minor AS budget_left_minor,
    e.state,
    e.issuer_id AS of_issuer,
    e.id AS of_enterprise
FROM enterprise AS e
INNER JOIN issuer AS i ON e.issuer_id = i.id;

-- name: departments
-- What people of each may redeem, and how many work there.
SELECT
    e.code AS enterprise,
    d.name AS department,
    d.may_goods,
    d.may_services,
    (
        SELECT count(*)
        FROM employee AS s
        WHERE
            s.enterprise_id = d.enterprise_id
            AND s.department = d.name
            AND s.state = 'working'
    ) AS employees,
    d.enterprise_id AS of_enterprise
FROM department AS d
INNER JOIN enterprise AS e ON d.enterprise_id = e.id;

-- name: staff
-- Who works at an enterprise, or did.
SELECT
    e.code AS enterprise,
    s.code AS employee,
    left(s.name, 1) || '*' AS name,
    s.phone_masked AS phone,
    s.department,
    s.grade,
    s.state AS employee_state,
    d.may_goods,
    d.may_services,
    s.enterprise_id AS of_enterprise
FROM employee AS s
INNER JOIN enterprise AS e ON s.enterprise_id = e.id
INNER JOIN department AS d ON s.enterprise_id = d.enterprise_id AND s.department = d.name;
