-- Fees, as people say them.

-- name: add_fee
-- From a day on. What was in force before stays as it was.
-- notes: fee
INSERT INTO fee AS t (
    id, payer, merchant_id, issuer_id, trade, channel, kinds, since, until, from_minor, flat_minor,
    millionths, fee_min_minor, fee_max_minor, is_returned, made_by
)
SELECT
    coalesce(max(f.id), 0) + 1,
    %(payer)s,
    %(merchant_id)s,
    %(issuer_id)s,
    %(trade)s,
    %(channel)s,
    %(kinds)s::text [],
    %(since)s,
    %(until)s,
    %(from_minor)s::bigint [],
    %(flat_minor)s::bigint [],
    %(millionths)s::integer [],
    %(fee_min_minor)s,
    %(fee_max_minor)s,
    %(is_returned)s,
    %(made_by)s
FROM fee AS f
RETURNING t.id;

-- name: party
-- Whom a fee names, by the numbers that people know.
SELECT
    (SELECT m.id FROM merchant AS m WHERE m.merchant_id = %(merchant)s) AS merchant_id,
    (SELECT i.id FROM issuer AS i WHERE i.institution_id = %(issuer)s) AS issuer_id;
