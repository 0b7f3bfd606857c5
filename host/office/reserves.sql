-- How much of what a merchant is paid is held back, as people say it.

-- name: add_reserve_terms
-- From a day on; what was held before is let go as it was said then.
-- notes: reserve_terms
INSERT INTO reserve_terms AS t (merchant_id, since, millionths, held_days, said_by, agreed_by)
VALUES (%(merchant_id)s, %(since)s, %(millionths)s, %(held_days)s, %(said_by)s, %(agreed_by)s)
RETURNING t.id;
