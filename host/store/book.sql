-- The estate as the poster reads it, whole.

-- name: shard_count
-- Settled when the first card was loaded; it never changes after.
SELECT value::integer FROM setting WHERE name = 'shard_count';

-- name: issuers
-- Issuers, each with its programme where it has one.
SELECT
    i.id,
    i.institution_id,
    i.pan_prefix,
    i.currency,
    i.amount_minor_max,
    i.balance_minor_max,
    i.pin_tries_max,
    i.is_active,
    p.code,
    p.earn_points,
    p.earn_per_minor,
    p.redemption_points_min,
    p.lot_months,
    p.debt_is_allowed
FROM issuer AS i
LEFT JOIN programme AS p ON i.id = p.issuer_id
ORDER BY i.id;

-- name: merchants
-- Merchants and whose cards they take.
SELECT
    m.id,
    m.merchant_id,
    m.is_active,
    array(SELECT a.issuer_id FROM acceptance AS a WHERE a.merchant_id = m.id) AS accepts
FROM merchant AS m
ORDER BY m.id;

-- name: terminals
-- Terminals with the merchant behind each.
SELECT
    t.terminal_id,
    s.merchant_id,
    t.is_active,
    t.epoch,
    t.mac_algorithm,
    t.key_generation
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
ORDER BY t.terminal_id;

-- name: terminal_keys
-- Working keys and initial DUKPT keys, as key blocks; the newest first.
SELECT
    k.terminal_id,
    k.usage,
    k.generation,
    k.block,
    t.mac_algorithm
FROM terminal_key AS k
INNER JOIN terminal AS t ON k.terminal_id = t.terminal_id
WHERE k.usage <> 'tmk'
ORDER BY k.terminal_id ASC, k.generation DESC;

-- name: house_accounts
-- Accounts whose balance is the sum of their entries.
SELECT
    chart,
    unit,
    issuer_id,
    merchant_id,
    id
FROM account
WHERE card_id IS NULL;

-- name: tmk
-- The terminal's master key, to deliver working keys under.
SELECT generation, block FROM terminal_key WHERE terminal_id = %s AND usage = 'tmk'
ORDER BY generation DESC LIMIT 1;

-- name: add_key
-- A key as a key block under the LMK.
INSERT INTO terminal_key (terminal_id, usage, generation, block, check_value)
VALUES (%s, %s, %s, %s, %s);

-- name: newest_generation
-- What the next sign-on counts on from.
SELECT coalesce(max(generation), 0) FROM terminal_key WHERE terminal_id = %s;

-- name: drop_keys
-- Of the working keys only those in use and the newest are kept.
DELETE FROM terminal_key
WHERE
    terminal_id = %s
    AND usage IN ('pik', 'mak', 'tdk')
    AND generation <> all(%s::integer []);

-- name: note_sign_on
-- What the terminal says of its hardware.
UPDATE terminal SET serial = coalesce(%s, serial)
WHERE terminal_id = %s;

-- name: confirm_generation
-- An authenticated message has proved that the terminal holds this key set.
UPDATE terminal SET key_generation = greatest(key_generation, %s)
WHERE terminal_id = %s;
