-- Who comes to pick up what a voucher is for says so before, and the store has it ready.

CREATE SEQUENCE pickup_number;
CREATE TABLE pickup (
    id bigint NOT NULL CONSTRAINT pickup_once PRIMARY KEY,
    -- The voucher, and whose it was when they said so.
    card_id bigint NOT NULL,
    member_id bigint NOT NULL REFERENCES member,
    store_id integer NOT NULL REFERENCES store,
    due_at timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'to_prepare'
    CONSTRAINT pickup_state CHECK (
        state IN ('to_prepare', 'prepared', 'handed_over', 'called_off')
    ),
    prepared_by text NOT NULL DEFAULT '',
    prepared_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT pickup_whole CHECK (
        (prepared_by = '') = (prepared_at IS NULL)
        AND (state IN ('handed_over', 'called_off')) = (ended_at IS NOT NULL)
        AND (state <> 'prepared' OR prepared_at IS NOT NULL)
    )
);
-- One at a time of a voucher.
CREATE UNIQUE INDEX pickup_open ON pickup (card_id) WHERE ended_at IS NULL;
CREATE INDEX pickup_of_store ON pickup (store_id, due_at, id) WHERE ended_at IS NULL;
CREATE INDEX pickup_due ON pickup (due_at) WHERE ended_at IS NULL;
CREATE INDEX pickup_of_member ON pickup (member_id, id) WHERE ended_at IS NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON pickup TO posswitch_office;
GRANT USAGE ON SEQUENCE pickup_number TO posswitch_office;
GRANT INSERT (
    id, card_id, member_id, store_id, due_at, asked_at
) ON pickup TO posswitch_office;
GRANT UPDATE (state, prepared_by, prepared_at, ended_at) ON pickup TO posswitch_office;
GRANT SELECT ON pickup TO posswitch_auditor;
GRANT SELECT (
    id, card_id, member_id, store_id, due_at, asked_at, state, prepared_by, prepared_at, ended_at
) ON pickup TO posswitch_reader;
