-- The life of a transaction is seen by whose it is. Adds no table and no column.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (leg, unit) ON entry TO posswitch_office;
GRANT SELECT (id, terminal_id, epoch, stan, detail, times, seen_at, resolved_by, note)
ON exception_case TO posswitch_office;
GRANT SELECT (seal) ON exchange TO posswitch_office;
GRANT SELECT (points, since) ON earned_by TO posswitch_office;
GRANT SELECT ON earn_counted TO posswitch_office;
GRANT SELECT (shard, hold_id, journal_id, turn, fact, amount_minor)
ON hold_fact TO posswitch_office;
GRANT SELECT (shard, journal_id, lot_id, account_id, points) ON lot_use TO posswitch_office;
GRANT SELECT (shard, journal_id, rate_id) ON conversion TO posswitch_office;
GRANT SELECT (auth_code, pan_masked) ON advice TO posswitch_office;
GRANT SELECT (items, sealed_at) ON seal TO posswitch_office;
GRANT SELECT (shard, rule_version, had_times, had_minor, asked_minor)
ON rule_told TO posswitch_office;
