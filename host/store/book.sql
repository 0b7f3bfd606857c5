-- The estate as the poster reads it: whole, or what changed (`host.store.book` adds which rows).

-- name: shard_count
-- Settled when the first card was loaded; it never changes after.
SELECT value::integer FROM setting WHERE name = 'shard_count';

-- name: issuers
-- Issuers, each with its primary programme where it has one.
SELECT
    i.id,
    i.institution_id,
    i.pan_prefix,
    i.currency,
    i.amount_minor_max,
    i.balance_minor_max,
    i.pin_tries_max,
    i.is_active,
    i.hold_days,
    i.hold_over_percent,
    p.code,
    p.earn_points,
    p.earn_per_minor,
    p.redemption_points_min,
    p.debt_is_allowed
FROM issuer AS i
LEFT JOIN programme AS p ON i.id = p.issuer_id AND p.is_primary;

-- name: points_prices
-- What points pay, of each programme the newest first.
SELECT
    programme,
    since,
    points,
    worth_minor
FROM points_price
ORDER BY programme ASC, since DESC;

-- name: other_programmes
-- Programmes that are no issuer's primary one: its others, those of alliances, and merchants' own.
SELECT
    issuer_id,
    alliance_id,
    merchant_id,
    code,
    earn_points,
    earn_per_minor,
    redemption_points_min,
    debt_is_allowed
FROM programme
WHERE NOT is_primary
ORDER BY code;

-- name: points_lives
-- How long points of each programme are good for, the newest row first.
SELECT
    programme,
    since,
    life,
    life_count,
    pending_days
FROM points_life
ORDER BY programme ASC, since DESC;

-- name: earn_rules
-- Rows of rules that are in force, or will be. A row stands until its rule has a later one.
SELECT
    r.programme,
    r.code,
    r.since,
    r.until,
    r.priority,
    r.merchants,
    r.stores,
    r.categories,
    r.goods,
    r.products,
    r.weekdays,
    r.time_from,
    r.time_until,
    r.amount_min_minor,
    r.amount_max_minor,
    r.times,
    r.per,
    r.bonus,
    r.points_max,
    r.points_max_day,
    r.points_max_month
FROM earn_rule AS r
ORDER BY r.programme, r.code, r.since;

-- name: alliance_members
-- Who was, is or will be in an alliance, from when until when, and for what.
SELECT
    alliance_id,
    issuer_id,
    merchant_id,
    member_from,
    member_until,
    earns,
    redeems
FROM alliance_member
ORDER BY alliance_id, member_from;

-- name: merchants
-- Merchants and whose cards they take.
SELECT
    m.id,
    m.merchant_id,
    m.is_active,
    array(SELECT a.issuer_id FROM acceptance AS a WHERE a.merchant_id = m.id) AS accepts,
    m.trade,
    m.city
FROM merchant AS m;

-- name: terminals
-- Terminals with the merchant behind each.
SELECT
    t.terminal_id,
    s.merchant_id,
    t.is_active,
    t.epoch,
    t.mac_algorithm,
    t.key_generation,
    t.family,
    t.store_id,
    s.region
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id;

-- name: terminal_keys
-- Working keys and initial DUKPT keys, as key blocks. Its reader adds the order: the newest first.
SELECT
    k.terminal_id,
    k.usage,
    k.generation,
    k.block,
    t.mac_algorithm
FROM terminal_key AS k
INNER JOIN terminal AS t ON k.terminal_id = t.terminal_id
WHERE k.usage <> 'tmk';

-- name: house_accounts
-- Accounts whose balance is the sum of their entries.
SELECT
    chart,
    unit,
    issuer_id,
    merchant_id,
    id
FROM account;

-- name: card_batches
-- Card batches, each under its product version.
SELECT
    b.id,
    b.issuer_id,
    b.state,
    b.face_minor,
    v.product_id,
    v.version,
    v.form,
    v.face_minor_min,
    v.face_minor_max,
    v.valid_from,
    v.valid_to,
    v.valid_days,
    v.is_reloadable,
    v.pin,
    v.activation,
    v.amount_minor_max,
    v.balance_minor_max,
    v.regifts_max,
    v.kind,
    v.entries,
    v.buys,
    v.may_load,
    v.sale_minor_min,
    v.grace_days,
    v.goods,
    v.regions,
    v.hold_days,
    v.hold_over_percent,
    b.merchants,
    b.stores
FROM card_batch AS b
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version;

-- name: card_parts
-- Parts of card batches.
SELECT p.id, p.batch_id, p.state FROM card_batch_part AS p;

-- name: stopped_members
-- Members whose cards are not to be used: those who are frozen, or leave.
SELECT id FROM member WHERE state IN ('frozen', 'closing');

-- name: zone_keys
-- What PIN blocks go to external issuers under, as key blocks.
SELECT name, block FROM zone_key ORDER BY name;

-- name: signing_on
-- Keys of terminals that ask for others: what the next generation counts on from, and the master
-- key that carries it.
SELECT
    terminal_id,
    generation,
    CASE WHEN usage = 'tmk' THEN block END AS master
FROM terminal_key
WHERE terminal_id = any(%s::text []);

-- name: add_keys
-- Keys as key blocks under the LMK.
-- notes: terminal_key
INSERT INTO terminal_key AS t (terminal_id, usage, generation, block, check_value)
SELECT k.*
FROM unnest(%s::text [], %s::text [], %s::integer [], %s::text [], %s::text []) AS k;

-- name: drop_keys
-- Of the working keys only those in use and the newest are kept.
-- notes: terminal_key
DELETE FROM terminal_key AS t
USING unnest(%s::text [], %s::integer [], %s::integer []) AS kept (terminal_id, newest, in_use)
WHERE
    t.terminal_id = kept.terminal_id
    AND t.usage IN ('pik', 'mak', 'tdk')
    AND t.generation <> kept.newest
    AND t.generation <> kept.in_use;

-- name: lock_terminals
-- In one order for everybody, so that nobody waits in a circle; the batch each is to use, after
-- whatever settlement was about to change it.
SELECT terminal_id, epoch FROM terminal
WHERE terminal_id = any(%s::text [])
ORDER BY terminal_id
FOR NO KEY UPDATE;

-- name: note_serials
-- What terminals say of their hardware, where it is news.
-- notes: terminal
UPDATE terminal AS t SET serial = s.serial
FROM unnest(%s::text [], %s::text []) AS s (terminal_id, serial)
WHERE t.terminal_id = s.terminal_id AND t.serial IS DISTINCT FROM s.serial;

-- name: confirm_generations
-- Authenticated messages have proved that terminals hold these key sets.
-- notes: terminal
UPDATE terminal AS t SET key_generation = greatest(t.key_generation, p.generation)
FROM unnest(%s::text [], %s::integer []) AS p (terminal_id, generation)
WHERE t.terminal_id = p.terminal_id;
