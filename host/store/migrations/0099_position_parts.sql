-- What stands between a merchant and an issuer, in the parts that people ask for: by store,
-- product, kind of transaction, channel and unit. The parts of a date are its positions, which say
-- no more than from whom to whom; fees are beside them, for they are the house's.

CREATE TABLE position_part (
    business_date date NOT NULL CONSTRAINT position_part_of_day REFERENCES business_day,
    place integer NOT NULL CHECK (place > 0),
    merchant_id integer NOT NULL CONSTRAINT position_part_of_merchant REFERENCES merchant,
    store_id integer CONSTRAINT position_part_of_store REFERENCES store,
    issuer_id smallint NOT NULL CONSTRAINT position_part_of_issuer REFERENCES issuer,
    product_id integer CONSTRAINT position_part_of_product REFERENCES product,
    kind text NOT NULL,
    channel text NOT NULL,
    unit text NOT NULL,
    items bigint NOT NULL CHECK (items > 0),
    amount_minor bigint NOT NULL,
    points_earned bigint NOT NULL,
    merchant_fee_minor bigint NOT NULL,
    issuer_fee_minor bigint NOT NULL,
    PRIMARY KEY (business_date, place),
    CONSTRAINT position_part_once UNIQUE NULLS NOT DISTINCT (
        business_date, merchant_id, issuer_id, store_id, product_id, kind, channel, unit
    )
);
CREATE INDEX position_part_of_issuers ON position_part (issuer_id, business_date, place);
CREATE INDEX position_part_of_merchants ON position_part (merchant_id, business_date, place);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON position_part TO posswitch_night;
GRANT SELECT ON position_part TO posswitch_office, posswitch_auditor;
GRANT SELECT (
    business_date, place, merchant_id, store_id, issuer_id, product_id, kind, channel, unit, items,
    amount_minor, points_earned, merchant_fee_minor, issuer_fee_minor
) ON position_part TO posswitch_reader;
