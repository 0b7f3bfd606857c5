-- What waits for a second person keeps what was typed in with it, sealed until somebody decides;
-- and what it would have done when it was asked for.
ALTER TABLE approval
ADD COLUMN sealed bytea,
ADD COLUMN foretold jsonb NOT NULL DEFAULT '{}',
ADD CONSTRAINT approval_sealed_while_asked CHECK (state = 'asked' OR sealed IS NULL);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (sealed, foretold) ON approval TO posswitch_office;
GRANT UPDATE (sealed) ON approval TO posswitch_office;
GRANT SELECT (foretold) ON approval TO posswitch_reader;
