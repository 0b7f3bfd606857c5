-- Files of a date are handed out by themselves, so long after its release.
INSERT INTO office_setting (name, value) VALUES ('hand_out_minutes', 1);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (released_at) ON clearing_release TO posswitch_night;
