-- Payouts, as they are instructed and as a bank is told of them.

-- name: add_payout_account
-- From now on one is paid there, or the house pays from there.
-- notes: payout_account
INSERT INTO payout_account AS t (
    merchant_id, holder, account, account_masked, bank, set_at, set_by, agreed_by
)
VALUES (
    %(merchant)s, %(holder)s, %(account)s, '****' || right(%(account)s, 4), %(bank)s, %(now)s,
    %(set_by)s, %(agreed_by)s
);

-- name: accounts_in_force
-- Of each merchant; of 0, the house's own: the newest.
WITH asked AS (
    SELECT unnest(%(merchants)s::integer []) AS merchant_id
)

SELECT
    asked.merchant_id,
    a.id,
    a.holder,
    a.account,
    a.bank,
    a.set_at,
    a.set_by,
    coalesce(
        (SELECT true FROM payout AS p WHERE p.account_id = a.id ORDER BY p.id LIMIT 1), false
    ) AS is_used
FROM asked
INNER JOIN payout_account AS a ON asked.merchant_id = coalesce(a.merchant_id, 0)
WHERE NOT EXISTS (
    SELECT FROM payout_account AS newer
    WHERE coalesce(newer.merchant_id, 0) = asked.merchant_id AND newer.id > a.id
);

-- name: payable
-- What can be paid of dates that are released, of statements that both sides have confirmed, to
-- merchants that are not paid of this date yet: each statement that nobody has paid, without what
-- was held out of it; what was held out and has been rejected since, by the side it is of; and
-- payouts that came back, by their numbers.
WITH settled AS (
    SELECT
        s.business_date,
        s.place,
        s.merchant_id,
        s.unit,
        s.due_minor
    FROM statement_due AS s
    INNER JOIN clearing_release AS r ON s.business_date = r.business_date
    WHERE
        s.business_date BETWEEN %(since)s AND %(date)s
        AND (
            SELECT count(*) = 2 FROM statement_confirmed AS c
            WHERE c.business_date = s.business_date AND c.place = s.place
        )
        AND NOT EXISTS (
            SELECT FROM payout AS p
            WHERE
                p.business_date = %(date)s
                AND p.merchant_id = s.merchant_id
                AND p.unit = s.unit
        )
),

due AS (
    SELECT
        s.business_date,
        s.place,
        '' AS side,
        s.merchant_id,
        s.unit,
        s.due_minor
    FROM settled AS s
    WHERE
        NOT EXISTS (
            SELECT FROM payout_statement AS p
            WHERE p.business_date = s.business_date AND p.place = s.place
        )
    UNION ALL
    SELECT
        s.business_date,
        s.place,
        a.side,
        s.merchant_id,
        s.unit,
        held.minor
    FROM settled AS s
    INNER JOIN statement_answer AS a ON s.business_date = a.business_date AND s.place = a.place
    CROSS JOIN
        LATERAL (
            SELECT sum(h.held_minor)::bigint AS minor
            FROM statement_held AS h
            WHERE h.business_date = a.business_date AND h.place = a.place AND h.side = a.side
        ) AS held
    WHERE
        NOT a.is_upheld
        AND held.minor > 0
        AND NOT EXISTS (
            SELECT FROM payout_held AS p
            WHERE p.business_date = a.business_date AND p.place = a.place AND p.side = a.side
        )
    UNION ALL
    SELECT
        p.business_date,
        p.id,
        'returned',
        p.merchant_id,
        p.unit,
        p.amount_minor
    FROM payout AS p
    INNER JOIN payout_return AS r ON p.id = r.payout_id
    WHERE
        p.business_date BETWEEN %(since)s AND %(date)s
        AND NOT EXISTS (SELECT FROM payout_again AS again WHERE again.returned_id = p.id)
        AND NOT EXISTS (
            SELECT FROM payout AS of_date
            WHERE
                of_date.business_date = %(date)s
                AND of_date.merchant_id = p.merchant_id
                AND of_date.unit = p.unit
        )
)

SELECT
    m.merchant_id AS merchant,
    due.merchant_id,
    due.unit,
    due.business_date,
    due.place,
    due.side,
    due.due_minor
FROM due
INNER JOIN merchant AS m ON due.merchant_id = m.id
ORDER BY m.merchant_id, due.unit, due.business_date, due.place, due.side;

-- name: next_payout_file
-- Its number. Two that are made at once have the same, and one of them is refused.
SELECT coalesce(max(f.id), 0) + 1 AS id
FROM payout_file AS f;

-- name: add_payout_file
-- What a bank is told at once.
-- notes: payout_file
INSERT INTO payout_file AS t (
    id, pay_on, account_id, payouts, total_minor, sha256, asked_by, agreed_by, made_at
)
VALUES (
    %(file)s, %(pay_on)s, %(account)s, %(payouts)s, %(total_minor)s, %(sha256)s, %(asked_by)s,
    %(agreed_by)s, %(now)s
);

-- name: add_payouts
-- One of each merchant.
-- notes: payout
INSERT INTO payout AS t (
    business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id, file_id
)
SELECT
    %(date)s,
    n.merchant_id,
    n.unit,
    n.amount_minor,
    n.end_to_end_id,
    n.account_id,
    %(file)s
FROM unnest(
    %(merchants)s::integer [],
    %(units)s::text [],
    %(amounts)s::bigint [],
    %(references)s::text [],
    %(accounts)s::bigint []
) AS n (merchant_id, unit, amount_minor, end_to_end_id, account_id);

-- name: add_payout_statements
-- What each is paid for.
-- notes: payout_statement
INSERT INTO payout_statement AS t (business_date, place, payout_id)
SELECT
    n.business_date,
    n.place,
    p.id
FROM unnest(%(dates)s::date [], %(places)s::integer []) AS n (business_date, place)
INNER JOIN settlement_statement AS s ON n.business_date = s.business_date AND n.place = s.place
INNER JOIN payout AS p
    ON s.merchant_id = p.merchant_id AND s.unit = p.unit AND p.business_date = %(date)s;

-- name: add_payout_held
-- And what was held out of others before.
-- notes: payout_held
INSERT INTO payout_held AS t (business_date, place, side, payout_id)
SELECT
    n.business_date,
    n.place,
    n.side,
    p.id
FROM
    unnest(%(dates)s::date [], %(places)s::integer [], %(sides)s::text [])
        AS n (business_date, place, side)
INNER JOIN settlement_statement AS s ON n.business_date = s.business_date AND n.place = s.place
INNER JOIN payout AS p
    ON s.merchant_id = p.merchant_id AND s.unit = p.unit AND p.business_date = %(date)s;

-- name: add_payouts_again
-- And what came back of others before.
-- notes: payout_again
INSERT INTO payout_again AS t (returned_id, payout_id)
SELECT
    n.place,
    p.id
FROM unnest(%(places)s::bigint []) AS n (place)
INNER JOIN payout AS returned ON n.place = returned.id
INNER JOIN payout AS p
    ON
        returned.merchant_id = p.merchant_id
        AND returned.unit = p.unit
        AND p.business_date = %(date)s;

-- name: payout_that_came_back
-- What was paid, and under which name.
SELECT
    p.amount_minor,
    p.unit,
    p.end_to_end_id
FROM payout AS p
WHERE p.id = %(id)s;

-- name: add_return
-- It is owed again: once, whoever says so first.
-- notes: payout_return
INSERT INTO payout_return AS t (payout_id)
VALUES (%(id)s)
ON CONFLICT ON CONSTRAINT payout_return_once DO NOTHING;

-- name: add_return_said
-- Who says so, and why.
-- notes: payout_return_said
INSERT INTO payout_return_said AS t (payout_id, reason, item_id, said_by, agreed_by, said_at)
VALUES (%(id)s, %(reason)s, %(item)s, %(said_by)s, %(agreed_by)s, %(now)s);

-- name: payout_file
-- As it was made, and from which account.
SELECT
    f.pay_on,
    f.made_at,
    f.sha256,
    a.holder,
    a.account,
    a.bank
FROM payout_file AS f
INNER JOIN payout_account AS a ON f.account_id = a.id
WHERE f.id = %(file)s;

-- name: payouts_of_file
-- In the order in which they were put into it.
SELECT
    p.end_to_end_id,
    p.amount_minor,
    p.unit,
    a.holder,
    a.account,
    a.bank
FROM payout AS p
INNER JOIN payout_account AS a ON p.account_id = a.id
WHERE p.file_id = %(file)s
ORDER BY p.end_to_end_id, p.unit;
