-- What used a voucher is told to who asks by its code.
GRANT SELECT (journal_id) ON voucher_use TO posswitch_office;
