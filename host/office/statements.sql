-- Statements, as people confirm them.

-- name: confirm_statement
-- Of one side, once.
-- notes: statement_confirmed
INSERT INTO statement_confirmed AS t (business_date, place, side, confirmed_by, confirmed_at)
VALUES (%(business_date)s, %(place)s, %(side)s, %(by)s, %(now)s)
ON CONFLICT ON CONSTRAINT statement_confirmed_once DO NOTHING;
