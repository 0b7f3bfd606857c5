-- A version of a rule as whoever decides by it reads it, in one place: the poster, the office, and
-- whoever is told which rule decided.
CREATE VIEW rule_version AS
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
    r.valid_to,
    r.state
FROM rule AS r;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON rule_version TO posswitch_poster, posswitch_office, posswitch_auditor;
GRANT SELECT (
    id, version, name, says, pack, issuer_id, merchant_id, priority, amount_minor, unit, times,
    period, counted_by, kinds, products, cards, members, merchants, stores, terminals, categories,
    regions, channels, goods, is_registered, weekdays, time_from, time_until, valid_from, valid_to,
    state
) ON rule_version TO posswitch_reader;
REVOKE SELECT (
    id, version, name, state, pack, issuer_id, merchant_id, says, priority, amount_minor, unit,
    times, period, counted_by, kinds, products, cards, members, merchants, stores, terminals,
    categories, regions, channels, goods, is_registered, weekdays, time_from, time_until,
    valid_from, valid_to
) ON rule FROM posswitch_poster;
