-- Where a store is, as latitude and longitude in degrees of WGS 84 (RFC 5870): members find those
-- that are near. Empty: nobody has said it.

ALTER TABLE store
ADD COLUMN coordinates text NOT NULL DEFAULT ''
CONSTRAINT store_coordinates CHECK (
    coordinates = ''
    OR coordinates ~ '^-?[0-9]{1,2}([.][0-9]{1,6})?,-?[0-9]{1,3}([.][0-9]{1,6})?$'
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (coordinates) ON store TO posswitch_office;
GRANT SELECT (coordinates) ON store TO posswitch_reader;
