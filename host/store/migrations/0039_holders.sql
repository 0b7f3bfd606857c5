-- How cards find their holders: tries are counted before they are looked at, and given back where
-- the password was right; a product says whether its cards are registered to who holds them.

ALTER TABLE code_try
DROP CONSTRAINT code_try_tries_check,
ADD CONSTRAINT code_try_counted CHECK (tries >= 0);

ALTER TABLE product_version ADD COLUMN is_registered boolean NOT NULL DEFAULT true;

GRANT SELECT (is_registered) ON product_version TO posswitch_reader;
GRANT SELECT (home, slot) ON exchange TO posswitch_office;
