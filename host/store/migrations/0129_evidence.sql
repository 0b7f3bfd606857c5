-- Who disputes rows of a statement may send a slip or a letter with it, which is kept sealed.

ALTER TABLE office_file
DROP CONSTRAINT office_file_kind,
ADD CONSTRAINT office_file_kind CHECK (kind IN ('import', 'export', 'evidence'));

ALTER TABLE statement_dispute
ADD COLUMN file_id bigint CONSTRAINT statement_dispute_with REFERENCES office_file;
CREATE INDEX statement_dispute_by_file ON statement_dispute (file_id) WHERE file_id IS NOT NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (file_id) ON statement_dispute TO posswitch_reader;
