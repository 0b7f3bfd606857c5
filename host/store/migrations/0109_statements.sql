-- What a night makes of a date for each merchant and issuer: a statement, which either side looks
-- at and confirms.

-- All of it is the sum of parts of positions, so that a statement says what files and books do. A
-- place is a number within the date.
CREATE VIEW statement_of_parts AS
SELECT
    part.business_date,
    row_number() OVER (
        PARTITION BY part.business_date ORDER BY part.merchant_id, part.issuer_id
    )::integer AS place,
    part.merchant_id,
    part.issuer_id,
    issuer.currency AS unit,
    sum(part.items)::bigint AS items,
    coalesce(
        sum(part.amount_minor) FILTER (
            WHERE part.unit = issuer.currency
            AND part.kind <> 'alliance_settlement'
            AND part.amount_minor > 0
        ), 0
    )::bigint AS turnover_minor,
    coalesce(
        sum(part.amount_minor) FILTER (
            WHERE part.unit = issuer.currency
            AND part.kind <> 'alliance_settlement'
            AND part.amount_minor < 0
        ), 0
    )::bigint AS returned_minor,
    coalesce(
        sum(part.amount_minor) FILTER (WHERE part.kind = 'alliance_settlement'), 0
    )::bigint AS alliance_minor,
    coalesce(sum(part.amount_minor) FILTER (WHERE part.unit LIKE 'P:%'), 0)::bigint AS points_taken,
    sum(part.points_earned)::bigint AS points_earned,
    sum(part.merchant_fee_minor)::bigint AS merchant_fee_minor,
    sum(part.issuer_fee_minor)::bigint AS issuer_fee_minor,
    coalesce(
        sum(part.amount_minor) FILTER (WHERE part.unit = issuer.currency), 0
    )::bigint AS payable_minor
FROM position_part AS part
INNER JOIN issuer ON part.issuer_id = issuer.id
GROUP BY part.business_date, part.merchant_id, part.issuer_id, issuer.currency;

CREATE TABLE settlement_statement (
    business_date date NOT NULL CONSTRAINT statement_of_day REFERENCES business_day,
    place integer NOT NULL CHECK (place > 0),
    merchant_id integer NOT NULL CONSTRAINT statement_of_merchant REFERENCES merchant,
    issuer_id smallint NOT NULL CONSTRAINT statement_of_issuer REFERENCES issuer,
    unit text NOT NULL,
    items bigint NOT NULL CHECK (items > 0),
    turnover_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    alliance_minor bigint NOT NULL,
    points_taken bigint NOT NULL,
    points_earned bigint NOT NULL,
    merchant_fee_minor bigint NOT NULL,
    issuer_fee_minor bigint NOT NULL,
    payable_minor bigint NOT NULL CONSTRAINT statement_sums_up
    CHECK (payable_minor = turnover_minor + returned_minor + alliance_minor),
    CONSTRAINT statement_once PRIMARY KEY (business_date, place),
    CONSTRAINT statement_of_two UNIQUE (business_date, merchant_id, issuer_id)
);
CREATE INDEX statement_of_issuers ON settlement_statement (issuer_id, business_date, place);
CREATE INDEX statement_of_merchants ON settlement_statement (merchant_id, business_date, place);

-- One side has looked at a statement, and it is right.
CREATE TABLE statement_confirmed (
    business_date date NOT NULL,
    place integer NOT NULL,
    side text NOT NULL CONSTRAINT statement_confirmed_side CHECK (side IN ('merchant', 'issuer')),
    confirmed_by text NOT NULL CONSTRAINT statement_confirmed_by CHECK (confirmed_by <> ''),
    confirmed_at timestamptz NOT NULL,
    CONSTRAINT statement_confirmed_once PRIMARY KEY (business_date, place, side),
    CONSTRAINT statement_confirmed_of FOREIGN KEY (business_date, place)
    REFERENCES settlement_statement
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON statement_of_parts TO posswitch_night, posswitch_auditor;
GRANT SELECT, INSERT ON settlement_statement TO posswitch_night;
GRANT SELECT ON settlement_statement TO posswitch_office, posswitch_auditor;
GRANT SELECT ON statement_confirmed TO posswitch_auditor;
GRANT SELECT, INSERT ON statement_confirmed TO posswitch_office;
GRANT SELECT (
    business_date, place, merchant_id, issuer_id, unit, items, turnover_minor, returned_minor,
    alliance_minor, points_taken, points_earned, merchant_fee_minor, issuer_fee_minor,
    payable_minor
) ON settlement_statement, statement_of_parts TO posswitch_reader;
GRANT SELECT (
    business_date, place, side, confirmed_by, confirmed_at
) ON statement_confirmed TO posswitch_reader;
