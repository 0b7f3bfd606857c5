-- A terminal of a house, for who simulates it.

-- name: own_terminal
-- With its shop, whose that is, and by what its master key is known.
SELECT
    t.epoch,
    t.mac_algorithm,
    t.family,
    k.check_value,
    s.id,
    s.name,
    m.id,
    m.merchant_id,
    m.name
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
INNER JOIN merchant AS m ON s.merchant_id = m.id
INNER JOIN terminal_key AS k ON t.terminal_id = k.terminal_id AND k.usage = 'tmk'
WHERE t.terminal_id = %(terminal)s
ORDER BY k.generation DESC
LIMIT 1;

-- name: own_issuers
-- Whose cards may be presented at it.
SELECT
    id,
    institution_id,
    name,
    pan_prefix,
    amount_minor_max,
    balance_minor_max
FROM issuer
ORDER BY id;
