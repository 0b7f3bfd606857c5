-- What is held back of merchants, as views show it.

-- name: reserve_terms
-- A row for each day from which on something is said of a merchant.
SELECT
    t.id AS terms,
    m.merchant_id AS merchant,
    t.since,
    trim_scale(t.millionths / 10000.0)::text || '%%' AS percent,
    t.held_days,
    t.said_by AS made_by,
    t.agreed_by,
    t.merchant_id AS of_merchant
FROM reserve_terms AS t
INNER JOIN merchant AS m ON t.merchant_id = m.id;

-- name: reserves
-- What is held of each date, until when, and since when no more.
SELECT
    h.journal_id AS id,
    h.business_date,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    h.base_minor,
    h.amount_minor,
    h.unit,
    h.terms_id AS terms,
    h.due_on,
    r.released_on,
    rrn_of(h.journal_id) AS rrn,
    h.merchant_id AS of_merchant,
    h.issuer_id AS of_issuer
FROM reserve_held AS h
INNER JOIN merchant AS m ON m.id = h.merchant_id
INNER JOIN issuer AS i ON i.id = h.issuer_id
LEFT JOIN reserve_released AS r
    ON
        r.business_date = h.business_date
        AND r.merchant_id = h.merchant_id
        AND r.issuer_id = h.issuer_id;
