-- The night shows where dates stand, and hands out the files of those that are released.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (business_date, state, steps, taken_by, released_by) ON day_state TO posswitch_night;
GRANT SELECT (business_date, files_digest) ON clearing_release TO posswitch_night;
