-- A programme may be a merchant's own: an issuer keeps it, and its points are good there alone. Of
-- one that an alliance keeps its members say where.

ALTER TABLE programme
ADD COLUMN merchant_id integer CONSTRAINT programme_of_merchant REFERENCES merchant (id),
ADD CONSTRAINT programme_of_merchant_is_named CHECK (merchant_id IS NULL OR NOT is_primary);
CREATE INDEX programme_own ON programme (merchant_id, code) WHERE merchant_id IS NOT NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (merchant_id) ON programme TO posswitch_poster, posswitch_reader;
GRANT INSERT (merchant_id) ON programme TO posswitch_office;
