-- The house's own rules, as the poster reads them: all that may be in force.

-- name: rules
-- Versions that somebody activated, until they are over.
SELECT
    r.id,
    r.version,
    r.name,
    r.says,
    r.pack,
    r.issuer_id,
    r.merchant_id,
    r.priority,
    r.amount_minor,
    r.unit,
    r.times,
    r.period,
    r.counted_by,
    r.kinds,
    r.products,
    r.cards,
    r.members,
    r.merchants,
    r.stores,
    r.terminals,
    r.categories,
    r.regions,
    r.channels,
    r.goods,
    r.is_registered,
    r.weekdays,
    r.time_from,
    r.time_until,
    r.valid_from,
    r.valid_to
FROM rule AS r
WHERE r.state = 'active'
ORDER BY r.id, r.version;

-- name: pack_uses
-- Which issuer has which pack of them, from when until when.
SELECT u.pack, u.issuer_id, u.used_from, u.used_to
FROM rule_pack_use AS u
ORDER BY u.pack, u.issuer_id, u.used_from;

-- name: has_counted
-- Whether any rule has ever counted anything: then what is undone is looked at for that.
SELECT exists(
    SELECT FROM rule AS r
    WHERE r.state <> 'draft' AND r.says IN ('amount_max', 'count_max') AND r.period <> 'transaction'
);
