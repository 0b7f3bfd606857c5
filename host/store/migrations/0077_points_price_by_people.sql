-- What points pay is said by people at the office, too.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON points_price TO posswitch_office;
GRANT UPDATE (points, worth_minor) ON points_price TO posswitch_office;
