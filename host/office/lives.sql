-- The life of one transaction: whose it is.

-- name: whose
-- By whom its card was issued, and at which merchant's and store's terminal it came.
SELECT
    (SELECT i.id FROM issuer AS i WHERE i.institution_id = %(issuer)s) AS of_issuer,
    (SELECT m.id FROM merchant AS m WHERE m.merchant_id = %(merchant)s) AS of_merchant,
    (SELECT t.store_id FROM terminal AS t WHERE t.terminal_id = %(terminal)s) AS of_store;
