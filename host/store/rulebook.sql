-- The house's own rules, as the poster reads them: all that may be in force.

-- name: rules
-- Versions that somebody activated, until they are over.
SELECT r.* FROM rule_version AS r
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
    SELECT FROM rule_version AS r
    WHERE r.state <> 'draft' AND r.says IN ('amount_max', 'count_max') AND r.period <> 'transaction'
);
