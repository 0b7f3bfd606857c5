-- What members wrote with gifts, and what finds them, goes with them when they are forgotten.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (wish, from_name, phone_masked, phone_hash) ON gift TO posswitch_office;
