-- Exceptions are seen and resolved at the office; open differences are listed whatever their date.

DROP INDEX recon_item_open;
CREATE INDEX recon_item_open ON recon_item (business_date, id) WHERE answer IS NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON exception_case TO posswitch_office;
GRANT UPDATE (resolved_at, resolved_by, note) ON exception_case TO posswitch_office;
