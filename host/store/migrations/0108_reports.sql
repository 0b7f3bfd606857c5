-- Reports tell how long cases have been open.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (opened_at) ON exception_case TO posswitch_office;
