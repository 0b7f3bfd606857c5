-- What a merchant says of itself: its own people write it, and whoever looks for partners reads it.

ALTER TABLE merchant
ADD COLUMN introduction_zh text NOT NULL DEFAULT '',
ADD COLUMN introduction_en text NOT NULL DEFAULT '',
ADD COLUMN service_phone text NOT NULL DEFAULT '',
ADD COLUMN hours text NOT NULL DEFAULT '';

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (introduction_zh, introduction_en, service_phone, hours) ON merchant
TO posswitch_office;
GRANT SELECT (introduction_zh, introduction_en, service_phone, hours) ON merchant
TO posswitch_reader;
