-- Vouchers of a batch were handed out to the staff: one has theirs, one could not, one waits.

INSERT INTO enterprise_offer (
    enterprise_id, batch_id, gives, price_minor, state, set_by, set_at
)
WITH m AS (SELECT max(c.part_id) AS id FROM card AS c)

SELECT e.id, p.batch_id, 'goods', 4500, 'offered', 'wu', '2026-10-01 08:00:00+00'
FROM enterprise AS e
CROSS JOIN m
INNER JOIN card_batch_part AS p ON m.id = p.id;
INSERT INTO staff_issue (
    enterprise_id, batch_id, name, gives, price_minor, planned, issued, refused, month, job_id,
    made_by, made_at
)
SELECT
    o.enterprise_id,
    o.batch_id,
    'Dragon boat',
    o.gives,
    o.price_minor,
    3,
    1,
    1,
    '2026-10',
    (SELECT min(j.id) FROM job AS j),
    'hr',
    '2026-10-01 09:00:00+00'
FROM enterprise_offer AS o;
UPDATE enterprise SET spent_minor = 9000
WHERE id IN (SELECT i.enterprise_id FROM staff_issue AS i);
INSERT INTO staff_voucher (
    issue_id, place, enterprise_id, employee_id, member_id, department, gives, card_id, state, why,
    issued_at
)
WITH f AS (SELECT min(e.id) AS id FROM employee AS e)

SELECT
    i.id,
    r.place,
    i.enterprise_id,
    s.id,
    s.member_id,
    s.department,
    i.gives,
    CASE r.state
        WHEN 'issued'
            THEN (
                SELECT max(c.id) FROM card AS c
                WHERE c.part_id = (SELECT max(d.part_id) FROM card AS d)
            )
    END,
    r.state,
    r.why,
    r.issued_at
FROM staff_issue AS i
CROSS JOIN f
INNER JOIN employee AS s ON f.id = s.id
CROSS JOIN
    (
        VALUES
        (1, 'issued', '', timestamptz '2026-10-01 09:00:01+00'),
        (2, 'refused', 'E-CLAIMS', NULL),
        (3, 'waiting', '', NULL)
    ) AS r (place, state, why, issued_at);
INSERT INTO voucher_claim (card_id, member_id, channel, claimed_at, claimed_by)
SELECT g.card_id, g.member_id, 'enterprise', g.issued_at, 'hr'
FROM staff_voucher AS g
WHERE g.card_id IS NOT NULL;
