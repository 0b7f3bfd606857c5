-- How often a voucher was used is shown at the office.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (shard, voucher_id) ON voucher_use TO posswitch_office;
