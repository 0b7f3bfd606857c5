-- Statements of a date, which are the sums of parts of its positions.

-- name: insert_statements
-- One for each merchant and issuer that anything moved between.
INSERT INTO settlement_statement AS t (
    business_date, place, merchant_id, issuer_id, unit, items, turnover_minor, returned_minor,
    alliance_minor, points_taken, points_earned, merchant_fee_minor, issuer_fee_minor,
    payable_minor, corrected_minor, reserved_minor, advertised_minor
)
SELECT
    business_date,
    place,
    merchant_id,
    issuer_id,
    unit,
    items,
    turnover_minor,
    returned_minor,
    alliance_minor,
    points_taken,
    points_earned,
    merchant_fee_minor,
    issuer_fee_minor,
    payable_minor,
    corrected_minor,
    reserved_minor,
    advertised_minor
FROM statement_of_parts
WHERE business_date = %(business_date)s;

-- name: changed_statements
-- A closed date cannot move: what is kept is what the parts come to.
WITH kept AS (
    SELECT * FROM settlement_statement
    WHERE business_date = %(business_date)s
),

told AS (
    SELECT * FROM statement_of_parts
    WHERE business_date = %(business_date)s
)

SELECT
    merchant_id,
    issuer_id
FROM kept
FULL JOIN told
    USING (
        business_date, place, merchant_id, issuer_id, unit, items, turnover_minor, returned_minor,
        alliance_minor, points_taken, points_earned, merchant_fee_minor, issuer_fee_minor,
        payable_minor, corrected_minor, reserved_minor, advertised_minor
    )
WHERE kept.items IS NULL OR told.items IS NULL
ORDER BY merchant_id, issuer_id;

-- name: count_statements
-- For the step's detail.
SELECT count(*) AS statements
FROM settlement_statement
WHERE business_date = %(business_date)s;

-- name: statement_lines
-- What each comes to; what was given back, held or advertised, where anything was.
SELECT
    concat_ws(
        '|', place, merchant_id, issuer_id, unit, items, turnover_minor, returned_minor,
        alliance_minor, points_taken, points_earned, merchant_fee_minor, issuer_fee_minor,
        payable_minor, nullif(corrected_minor, 0), 'reserved ' || nullif(reserved_minor, 0),
        'advertised ' || nullif(advertised_minor, 0)
    ) AS line
FROM settlement_statement
WHERE business_date = %(business_date)s;
