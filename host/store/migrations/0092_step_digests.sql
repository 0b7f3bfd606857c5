-- What each step of a night read and what it left, so that a repeat says which step is another.
-- Steps of nights before have none.
ALTER TABLE clearing_step
ADD COLUMN read_digest bytea CONSTRAINT step_read CHECK (length(read_digest) = 32),
ADD COLUMN left_digest bytea CONSTRAINT step_left CHECK (length(left_digest) = 32),
ADD CONSTRAINT step_digests CHECK ((read_digest IS NULL) = (left_digest IS NULL));

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (read_digest, left_digest) ON clearing_step TO posswitch_reader;
