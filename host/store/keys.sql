-- Keys as operators handle them: entered in components, listed, exported, rotated.

-- name: lock_components
-- One entry at a time, so that two people at two keyboards complete a key once.
LOCK TABLE key_component IN EXCLUSIVE MODE;

-- name: components
-- What has been entered so far of a key.
SELECT
    number,
    count,
    block,
    entered_by
FROM key_component
WHERE target = %s
ORDER BY number;

-- name: add_component
-- one_component_an_operator has the last word on dual control.
-- notes: key_component
INSERT INTO key_component AS t (
    target, number, count, block, check_value, entered_by, entered_at
)
VALUES (%s, %s, %s, %s, %s, %s, %s);

-- name: drop_components
-- The key is whole, or its entry was given up.
-- notes: key_component
DELETE FROM key_component AS t WHERE t.target = %s;

-- name: all_components
-- Entries that are waiting for somebody.
SELECT
    target,
    number,
    count,
    check_value,
    entered_by,
    entered_at
FROM key_component
ORDER BY target, number;

-- name: terminal
-- Whether there is such a terminal, and how its group seals.
SELECT mac_algorithm FROM terminal WHERE terminal_id = %s;

-- name: newest_generation
-- What the next key of this terminal counts on from.
SELECT coalesce(max(generation), 0) FROM terminal_key WHERE terminal_id = %s;

-- name: drop_usage
-- A key of this kind is replaced.
-- notes: terminal_key
DELETE FROM terminal_key AS t WHERE t.terminal_id = %s AND t.usage = %s;

-- name: add_terminal_key
-- A key block under the LMK, and who entered it.
-- notes: terminal_key
INSERT INTO terminal_key AS t (
    terminal_id, usage, generation, block, check_value, entered_by, stored_at
)
VALUES (%s, %s, %s, %s, %s, %s, %s);

-- name: terminal_key
-- The newest of one kind.
SELECT generation, block FROM terminal_key
WHERE terminal_id = %s AND usage = %s
ORDER BY generation DESC LIMIT 1;

-- name: put_transport_key
-- A transport key entered again replaces the one before.
-- notes: transport_key
INSERT INTO transport_key AS t (name, block, check_value, entered_by, stored_at)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE
    SET
        block = excluded.block,
        check_value = excluded.check_value,
        entered_by = excluded.entered_by,
        stored_at = excluded.stored_at;

-- name: transport_key
-- What an exported key leaves under.
SELECT block FROM transport_key WHERE name = %s;

-- name: put_zone_key
-- A zone key entered again replaces the one before.
-- notes: zone_key
INSERT INTO zone_key AS t (name, block, check_value, entered_by, stored_at)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (name) DO UPDATE
    SET
        block = excluded.block,
        check_value = excluded.check_value,
        entered_by = excluded.entered_by,
        stored_at = excluded.stored_at;

-- name: zone_key
-- What PIN blocks go to an external issuer under.
SELECT block FROM zone_key WHERE name = %s;

-- name: keys
-- Every key there is, or one terminal's; the blocks for their headers alone.
SELECT
    k.terminal_id AS owner,
    k.usage AS purpose,
    k.generation,
    k.check_value,
    k.block,
    t.mac_algorithm,
    k.entered_by,
    k.stored_at
FROM terminal_key AS k
INNER JOIN terminal AS t ON k.terminal_id = t.terminal_id
WHERE %(owner)s::text IS NULL OR k.terminal_id = %(owner)s
UNION ALL
SELECT
    name AS owner,
    'transport' AS purpose,
    0 AS generation,
    check_value,
    block,
    NULL AS mac_algorithm,
    entered_by,
    stored_at
FROM transport_key
WHERE %(owner)s::text IS NULL OR name = %(owner)s
UNION ALL
SELECT
    name AS owner,
    'zpk' AS purpose,
    0 AS generation,
    check_value,
    block,
    NULL AS mac_algorithm,
    entered_by,
    stored_at
FROM zone_key
WHERE %(owner)s::text IS NULL OR name = %(owner)s
ORDER BY owner ASC, purpose ASC, generation DESC;

-- name: served_keys
-- Every key that terminals are served with, for the audit to open.
SELECT
    k.terminal_id AS owner,
    k.usage AS purpose,
    k.generation,
    k.check_value,
    k.block,
    t.mac_algorithm
FROM terminal_key AS k
INNER JOIN terminal AS t ON k.terminal_id = t.terminal_id
UNION ALL
SELECT
    name AS owner,
    'zpk' AS purpose,
    0 AS generation,
    check_value,
    block,
    NULL AS mac_algorithm
FROM zone_key
ORDER BY owner ASC, purpose ASC, generation DESC;

-- name: device_counters
-- How far devices have come.
SELECT terminal_id, key_id, counter FROM terminal_counter
WHERE %(owner)s::text IS NULL OR terminal_id = %(owner)s
ORDER BY terminal_id, key_id;

-- name: waiting_rotations
-- Terminals that were asked to sign on and have not used newer keys yet.
SELECT r.terminal_id
FROM key_rotation AS r
INNER JOIN terminal AS t ON r.terminal_id = t.terminal_id
WHERE t.key_generation <= r.through_generation;

-- name: rotate
-- Ask terminals that hold working keys to fetch new ones: those named, or all.
-- notes: key_rotation
INSERT INTO key_rotation AS t (terminal_id, through_generation, asked_by, asked_at)
SELECT
    k.terminal_id,
    max(k.generation),
    %(asked_by)s,
    %(now)s::timestamptz
FROM terminal_key AS k
WHERE
    k.usage = 'pik' AND (%(named)s::text [] IS NULL OR k.terminal_id = any(%(named)s::text []))
GROUP BY k.terminal_id
ON CONFLICT (terminal_id) DO UPDATE
    SET
        through_generation = excluded.through_generation,
        asked_by = excluded.asked_by,
        asked_at = excluded.asked_at,
        asked_as = DEFAULT;

-- name: rotations
-- What a running host has not heard of yet.
SELECT asked_as, terminal_id, through_generation
FROM key_rotation
WHERE asked_as > %s
ORDER BY asked_as;
