-- Where files of the night are brought, and how deliveries stand.

-- name: add_delivery_way
-- It counts from the next date that is handed out on; those before it go where they were to go.
-- notes: delivery_way
INSERT INTO delivery_way AS t (
    merchant_id, issuer_id, form, directory, host, port, login, host_key, is_acknowledged,
    is_active, set_at, set_by, agreed_by
)
VALUES (
    %(merchant_id)s, %(issuer_id)s, %(form)s, %(directory)s, %(host)s, %(port)s, %(login)s,
    %(host_key)s, %(is_acknowledged)s, %(is_active)s, %(now)s, %(set_by)s, %(agreed_by)s
);

-- name: end_delivery_way
-- The one that is in force is said again, as one that is over.
-- notes: delivery_way
INSERT INTO delivery_way AS t (
    merchant_id, issuer_id, form, directory, host, port, login, host_key, is_acknowledged,
    is_active, set_at, set_by, agreed_by
)
SELECT
    w.merchant_id,
    w.issuer_id,
    w.form,
    w.directory,
    w.host,
    w.port,
    w.login,
    w.host_key,
    w.is_acknowledged,
    false,
    %(now)s,
    %(set_by)s,
    %(agreed_by)s
FROM delivery_way_now AS said
INNER JOIN delivery_way AS w ON said.id = w.id
WHERE
    coalesce(w.merchant_id, 0) = coalesce(%(merchant_id)s::integer, 0)
    AND coalesce(w.issuer_id, 0) = coalesce(%(issuer_id)s::integer, 0)
    AND w.form = %(form)s;

-- name: retry_delivery
-- Each delivery of a file that is not over is sent once more, at once, or no more.
-- notes: delivery
UPDATE delivery AS t
SET state = %(state)s, attempts = 0, next_at = %(now)s
WHERE
    t.business_date = %(business_date)s
    AND t.name = %(name)s
    AND t.state = any(%(before)s::text []);

-- name: delivery_states
-- Where a file's deliveries stand, the first of them.
SELECT d.state
FROM delivery AS d
WHERE d.business_date = %(business_date)s AND d.name = %(name)s
ORDER BY d.way_id
LIMIT 1;
