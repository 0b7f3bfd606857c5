-- Vouchers that nobody redeems by hand alone: another person of the merchant looks at each.

ALTER TABLE card_batch ADD COLUMN is_reviewed boolean NOT NULL DEFAULT false;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (is_reviewed) ON card_batch TO posswitch_office;
GRANT SELECT (is_reviewed) ON card_batch TO posswitch_reader;
