-- Programmes and alliances as people change them at the office: each programme counts its versions.

ALTER TABLE programme ADD COLUMN version smallint NOT NULL DEFAULT 1 CHECK (version > 0);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON programme, alliance, alliance_member TO posswitch_office;
GRANT INSERT ON alliance, alliance_member TO posswitch_office;
GRANT INSERT (
    code, issuer_id, alliance_id, name, earn_points, earn_per_minor, redemption_points_min,
    lot_months, debt_is_allowed, is_primary
) ON programme TO posswitch_office;
GRANT UPDATE (
    name, earn_points, earn_per_minor, redemption_points_min, lot_months, version
) ON programme TO posswitch_office;
GRANT UPDATE (name) ON alliance TO posswitch_office;
GRANT UPDATE (member_until, earns, redeems) ON alliance_member TO posswitch_office;
GRANT SELECT (version) ON programme TO posswitch_reader;
