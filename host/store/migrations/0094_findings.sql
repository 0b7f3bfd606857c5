-- What a step of a night found open and let be: how many of what, and of whom. Money that is
-- missing is no finding: it stops the night.
CREATE TABLE clearing_finding (
    business_date date NOT NULL CONSTRAINT finding_of_run REFERENCES clearing_run,
    step text NOT NULL,
    name text NOT NULL,
    subject text NOT NULL,
    items bigint NOT NULL CONSTRAINT finding_items CHECK (items > 0),
    CONSTRAINT finding_once PRIMARY KEY (business_date, step, name, subject)
);

-- Batches that have not ended, by the date they were settled under.
CREATE INDEX terminal_batch_unfinished ON terminal_batch (business_date)
WHERE state <> 'closed';

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON clearing_finding TO posswitch_night;
GRANT SELECT ON clearing_finding TO posswitch_auditor;
GRANT SELECT (business_date, step, name, subject, items) ON clearing_finding TO posswitch_reader;
GRANT SELECT (previous, items) ON seal TO posswitch_night;
GRANT SELECT (business_date) ON exchange TO posswitch_night;
GRANT SELECT (business_date) ON points_expiry TO posswitch_night;
GRANT SELECT (owner, held_minor, expires_at) ON hold TO posswitch_night;
GRANT SELECT (state, due_at) ON gift TO posswitch_night;
GRANT SELECT (shard, card_id, name, state, asked_at) ON move TO posswitch_night;
GRANT SELECT (part_id, status, valid_to) ON card TO posswitch_night;
GRANT SELECT (id, batch_id) ON card_batch_part TO posswitch_night;
GRANT SELECT (id, state, product_id, product_version) ON card_batch TO posswitch_night;
GRANT SELECT (product_id, version, grace_days) ON product_version TO posswitch_night;
