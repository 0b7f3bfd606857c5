-- Vouchers handed out to the staff of an enterprise.

-- name: offer
-- A batch may be handed out by an enterprise from now on, at this price; or not any more.
-- notes: enterprise_offer
INSERT INTO enterprise_offer AS t (
    enterprise_id, batch_id, gives, price_minor, state, set_by, set_at
)
VALUES (
    %(enterprise)s, %(batch)s, %(gives)s, %(price)s, %(state)s, %(by)s, %(now)s
)
ON CONFLICT ON CONSTRAINT enterprise_offer_once DO UPDATE
    SET
        gives = excluded.gives,
        price_minor = excluded.price_minor,
        state = excluded.state,
        set_by = excluded.set_by,
        set_at = excluded.set_at;

-- name: offered
-- What is said of a batch by its code, as long as it is offered.
SELECT
    o.batch_id,
    o.gives,
    o.price_minor
FROM enterprise_offer AS o
INNER JOIN card_batch AS b ON o.batch_id = b.id
WHERE o.enterprise_id = %(enterprise)s AND b.code = %(batch)s AND o.state = 'offered';

-- name: chosen_staff
-- Who works in one of these departments and is of one of these grades; of none: in all of them.
-- Who may not redeem what is given is told apart.
SELECT
    s.id,
    s.member_id,
    s.department,
    CASE %(gives)s WHEN 'goods' THEN d.may_goods ELSE d.may_services END AS may_have
FROM employee AS s
INNER JOIN department AS d ON s.enterprise_id = d.enterprise_id AND s.department = d.name
WHERE
    s.enterprise_id = %(enterprise)s
    AND s.state = 'working'
    AND (cardinality(%(departments)s::text []) = 0 OR s.department = any(%(departments)s::text []))
    AND (cardinality(%(grades)s::text []) = 0 OR s.grade = any(%(grades)s::text []))
ORDER BY s.member_id;

-- name: left_of_batch
-- How many vouchers of a batch nobody has, as far as so many are asked for.
SELECT count(*) FROM (
    SELECT c.id
    FROM card_batch_part AS p
    INNER JOIN card AS c ON p.id = c.part_id
    WHERE
        p.batch_id = %s
        AND p.state = 'opened'
        AND c.status = 'issued'
        AND c.sale = 'unsold'
        AND c.member_id IS NULL
    ORDER BY c.id
    LIMIT %s
) AS c;

-- name: spend
-- Of what it was granted; less than nothing gives back.
-- notes: enterprise
UPDATE enterprise AS t SET spent_minor = t.spent_minor + %(cost)s
WHERE t.id = %(enterprise)s;

-- name: add_issue
-- What is to be handed out.
-- notes: staff_issue
INSERT INTO staff_issue AS t (
    enterprise_id, batch_id, name, gives, price_minor, planned, month, made_by, made_at
)
VALUES (
    %(enterprise)s, %(batch)s, %(name)s, %(gives)s, %(price)s, %(planned)s, %(month)s, %(by)s,
    %(now)s
)
RETURNING t.id;

-- name: add_rows
-- One for each voucher, in their order.
-- notes: staff_voucher
INSERT INTO staff_voucher AS t (
    issue_id, place, enterprise_id, employee_id, member_id, department, gives
)
SELECT
    %(issue)s::bigint,
    r.place,
    %(enterprise)s::integer,
    r.employee,
    r.member,
    r.department,
    %(gives)s::text
FROM
    unnest(
        %(employees)s::bigint [], %(members)s::bigint [], %(departments)s::text []
    ) WITH ORDINALITY AS r (employee, member, department, place);

-- name: done_by
-- The job that hands it out.
-- notes: staff_issue
UPDATE staff_issue AS t SET job_id = %(job)s
WHERE t.id = %(issue)s;

-- name: issue
-- What it hands out, and what that costs.
SELECT
    i.batch_id,
    i.enterprise_id,
    i.price_minor,
    i.planned
FROM staff_issue AS i
WHERE i.id = %s;

-- name: waiting_rows
-- The next of them.
SELECT
    g.place,
    g.member_id
FROM staff_voucher AS g
WHERE g.issue_id = %(issue)s AND g.place > %(after)s AND g.state = 'waiting'
ORDER BY g.place
LIMIT %(limit)s;

-- name: hand_out_row
-- It has its voucher.
-- notes: staff_voucher
UPDATE staff_voucher AS t
SET
    card_id = %(card)s,
    state = 'issued',
    issued_at = %(now)s
WHERE t.issue_id = %(issue)s AND t.place = %(place)s;

-- name: refuse_row
-- It has none, and why.
-- notes: staff_voucher
UPDATE staff_voucher AS t
SET
    state = 'refused',
    why = %(why)s
WHERE t.issue_id = %(issue)s AND t.place = %(place)s;

-- name: count_rows
-- How far it is.
-- notes: staff_issue
UPDATE staff_issue AS t
SET
    issued = t.issued + %(issued)s,
    refused = t.refused + %(refused)s
WHERE t.id = %(issue)s;

-- name: left_issues
-- Whose job has ended before its end: what it has not handed out is given back.
SELECT
    i.id,
    i.enterprise_id,
    i.price_minor
FROM staff_issue AS i
INNER JOIN job AS j ON i.job_id = j.id
WHERE i.issued + i.refused < i.planned AND j.state IN ('stopped', 'failed')
ORDER BY i.id
LIMIT %s
FOR UPDATE OF i SKIP LOCKED;

-- name: refuse_left
-- Nothing of it is handed out any more.
-- notes: staff_voucher
UPDATE staff_voucher AS t
SET
    state = 'refused',
    why = 'stopped'
WHERE t.issue_id = %s AND t.state = 'waiting';

-- name: linked_voucher
-- The voucher that a row has, and whether it still waits for whom it was handed out to.
SELECT
    g.card_id,
    g.member_id,
    i.name,
    c.valid_to,
    c.status = 'claimed' AND c.member_id = g.member_id AS is_theirs
FROM staff_voucher AS g
INNER JOIN staff_issue AS i ON g.issue_id = i.id
INNER JOIN card AS c ON g.card_id = c.id
WHERE g.issue_id = %(issue)s AND g.place = %(place)s;
