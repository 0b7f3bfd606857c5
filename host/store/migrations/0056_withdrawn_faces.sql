-- A card face is taken out again; what was printed with it stays known, and it may come back.
ALTER TABLE card_face ADD COLUMN state text NOT NULL DEFAULT 'active'
CONSTRAINT card_face_state CHECK (state IN ('active', 'withdrawn'));

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (state) ON card_face TO posswitch_office;
GRANT SELECT (state) ON card_face TO posswitch_reader;
