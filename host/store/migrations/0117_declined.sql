-- What was refused of a date: so many of each kind, at which merchant and store, and why. The night
-- counts it beside the parts of its positions, so that nobody reads what was asked to tell a share
-- of it. What was asked where no store is known is of nobody.

CREATE TABLE declined_part (
    business_date date NOT NULL,
    place integer NOT NULL CONSTRAINT declined_part_place CHECK (place > 0),
    merchant_id integer,
    store_id integer,
    kind text NOT NULL,
    channel text NOT NULL,
    reason text NOT NULL,
    items bigint NOT NULL CONSTRAINT declined_part_counted CHECK (items > 0),
    PRIMARY KEY (business_date, place),
    CONSTRAINT declined_part_once UNIQUE NULLS NOT DISTINCT (
        business_date, merchant_id, store_id, kind, channel, reason
    )
);
CREATE INDEX declined_part_of_merchants ON declined_part (merchant_id, business_date, place);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON declined_part TO posswitch_night;
GRANT SELECT (kind, reason, is_tombstone, terminal_id) ON exchange TO posswitch_night;
GRANT SELECT ON declined_part TO posswitch_auditor;
GRANT SELECT (
    business_date, merchant_id, store_id, kind, channel, reason, items
) ON declined_part TO posswitch_office;
GRANT SELECT (
    business_date, place, merchant_id, store_id, kind, channel, reason, items
) ON declined_part TO posswitch_reader;
