-- The house's own rules as people write, activate and retire them at the office.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, DELETE ON rule TO posswitch_office;
GRANT INSERT (
    id, version, name, pack, issuer_id, merchant_id, says, priority, amount_minor, unit, times,
    period, counted_by, kinds, products, cards, members, merchants, stores, terminals, categories,
    regions, channels, goods, is_registered, weekdays, time_from, time_until, valid_from, valid_to,
    made_by, made_at
) ON rule TO posswitch_office;
GRANT UPDATE (
    state, valid_from, valid_to, activated_by, activated_at, retired_by, retired_at
) ON rule TO posswitch_office;
GRANT SELECT (code, name, meaning) ON rule_pack TO posswitch_office;
GRANT SELECT, INSERT ON rule_pack_use TO posswitch_office;
GRANT UPDATE (used_to) ON rule_pack_use TO posswitch_office;
