-- A draft keeps on which date it was tried, and what came of it.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (tried_on, tried) ON rule TO posswitch_office;
