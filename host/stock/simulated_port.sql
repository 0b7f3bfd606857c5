-- What the simulated payment port remembers.

-- name: open_order
-- It is to be paid; opened again it is as it was.
-- notes: port_simulated
INSERT INTO port_simulated AS t (order_number, amount_minor)
VALUES (%(order)s, %(amount_minor)s)
ON CONFLICT ON CONSTRAINT port_simulated_once DO UPDATE SET is_closed = t.is_closed;

-- name: told_of
-- What became of an order.
SELECT
    t.amount_minor,
    t.is_closed,
    t.silent_until,
    t.paid
FROM port_simulated AS t WHERE t.order_number = %(order)s;

-- name: say
-- What becomes of it from now on.
-- notes: port_simulated
UPDATE port_simulated AS t
SET
    is_closed = %(is_closed)s,
    silent_until = %(silent_until)s,
    paid = %(paid)s
WHERE t.order_number = %(order)s;
