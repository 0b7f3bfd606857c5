-- Rules that an alliance's people write, for sales of its partners.
ALTER TABLE rule
ADD COLUMN alliance_id smallint REFERENCES alliance,
DROP CONSTRAINT rule_of_one,
ADD CONSTRAINT rule_of_one CHECK (
    num_nonnulls(pack, issuer_id, merchant_id, alliance_id) <= 1
);
CREATE INDEX rule_by_alliance ON rule (alliance_id, id, version);
-- An index counts what it finds; what few rules there are says nothing of how many there will be.
SELECT pg_clear_relation_stats(schemaname => current_schema()::text, relname => 'rule');

DROP VIEW rule_version;
CREATE VIEW rule_version AS
SELECT
    r.id,
    r.version,
    r.name,
    r.says,
    r.pack,
    r.issuer_id,
    r.merchant_id,
    r.alliance_id,
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

GRANT INSERT (alliance_id) ON rule TO posswitch_office;
GRANT SELECT (alliance_id) ON rule TO posswitch_reader;
GRANT SELECT ON rule_version TO posswitch_poster, posswitch_office, posswitch_auditor;
GRANT SELECT (
    id, version, name, says, pack, issuer_id, merchant_id, alliance_id, priority, amount_minor,
    unit, times, period, counted_by, kinds, products, cards, members, merchants, stores, terminals,
    categories, regions, channels, goods, is_registered, weekdays, time_from, time_until,
    valid_from, valid_to, state
) ON rule_version TO posswitch_reader;
