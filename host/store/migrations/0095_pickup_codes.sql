-- Codes to pick up by that were used: what was of a voucher, at which store, when, and who took it.

CREATE TABLE pickup_use (
    used_hash bytea NOT NULL CONSTRAINT pickup_use_once PRIMARY KEY,
    card_id bigint NOT NULL,
    store_id integer NOT NULL CONSTRAINT pickup_use_at REFERENCES store,
    used_at timestamptz NOT NULL,
    used_by text NOT NULL,
    CONSTRAINT pickup_use_hash CHECK (octet_length(used_hash) = 32)
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON pickup_use TO posswitch_office;
GRANT SELECT (used_hash, card_id, store_id, used_at, used_by) ON pickup_use TO posswitch_reader;
