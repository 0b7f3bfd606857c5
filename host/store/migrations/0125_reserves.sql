-- A share of what a merchant is paid is held back for so many days, against what may still come
-- back of it, and is let go by the night of its day.

-- What is said of a merchant counts from its day on, until something else is said.
CREATE TABLE reserve_terms (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT reserve_terms_numbered PRIMARY KEY,
    merchant_id integer NOT NULL CONSTRAINT reserve_terms_of REFERENCES merchant,
    since date NOT NULL,
    millionths integer NOT NULL CONSTRAINT reserve_terms_share
    CHECK (millionths BETWEEN 0 AND 1000000),
    held_days integer NOT NULL CONSTRAINT reserve_terms_days CHECK (held_days BETWEEN 1 AND 366),
    said_by text NOT NULL CONSTRAINT reserve_terms_by CHECK (said_by <> ''),
    agreed_by text NOT NULL CONSTRAINT reserve_terms_agreed
    CHECK (agreed_by <> '' AND agreed_by <> said_by),
    CONSTRAINT reserve_terms_once UNIQUE (merchant_id, since)
);

-- What a night held back of a merchant's and an issuer's date, by a journal of that date.
CREATE TABLE reserve_held (
    business_date date NOT NULL,
    merchant_id integer NOT NULL,
    issuer_id smallint NOT NULL,
    unit text NOT NULL,
    terms_id integer NOT NULL CONSTRAINT reserve_held_by REFERENCES reserve_terms,
    base_minor bigint NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT reserve_held_part
    CHECK (amount_minor > 0 AND amount_minor <= base_minor),
    due_on date NOT NULL CONSTRAINT reserve_held_later CHECK (due_on > business_date),
    journal_id bigint NOT NULL,
    CONSTRAINT reserve_held_posted UNIQUE (business_date, journal_id),
    CONSTRAINT reserve_held_once PRIMARY KEY (business_date, merchant_id, issuer_id)
);
CREATE INDEX reserve_held_due ON reserve_held (due_on);
CREATE INDEX reserve_held_of_merchants ON reserve_held (merchant_id, business_date, journal_id);
CREATE INDEX reserve_held_of_issuers ON reserve_held (issuer_id, business_date, journal_id);

-- What a night let go of it, all at once.
CREATE TABLE reserve_released (
    business_date date NOT NULL,
    merchant_id integer NOT NULL,
    issuer_id smallint NOT NULL,
    released_on date NOT NULL CONSTRAINT reserve_released_later CHECK (released_on > business_date),
    journal_id bigint NOT NULL,
    CONSTRAINT reserve_released_once PRIMARY KEY (business_date, merchant_id, issuer_id),
    CONSTRAINT reserve_released_of FOREIGN KEY (business_date, merchant_id, issuer_id)
    REFERENCES reserve_held
);
CREATE INDEX reserve_released_by_day ON reserve_released (released_on);

INSERT INTO account (id, chart, unit, issuer_id, merchant_id)
SELECT
    nextval('account_number'),
    'merchant_reserve',
    issuer.currency,
    issuer.id,
    merchant.id
FROM issuer
CROSS JOIN merchant
ORDER BY issuer.id, merchant.id;

-- What issuers owe merchants of a date: neither fees nor what is not due yet.
CREATE OR REPLACE VIEW clearing_payable AS
SELECT
    owed.business_date,
    owed.unit,
    sum(greatest(owed.net_minor, 0))::bigint AS payable_minor
FROM (
    SELECT
        position.business_date,
        position.unit,
        sum(position.credit_minor - position.debit_minor) AS net_minor
    FROM position
    WHERE position.chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')
    GROUP BY
        position.business_date, position.merchant_id, position.issuer_id, position.unit
) AS owed
GROUP BY owed.business_date, owed.unit;

-- What is held back and let go is told apart of what was sold.
CREATE OR REPLACE VIEW statement_of_parts AS
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
            AND part.kind NOT IN (
                'alliance_settlement', 'settlement_correction', 'reserve_held', 'reserve_released'
            )
            AND part.amount_minor > 0
        ), 0
    )::bigint AS turnover_minor,
    coalesce(
        sum(part.amount_minor) FILTER (
            WHERE part.unit = issuer.currency
            AND part.kind NOT IN (
                'alliance_settlement', 'settlement_correction', 'reserve_held', 'reserve_released'
            )
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
    )::bigint AS payable_minor,
    coalesce(
        sum(part.amount_minor) FILTER (WHERE part.kind = 'settlement_correction'), 0
    )::bigint AS corrected_minor,
    coalesce(
        sum(part.amount_minor) FILTER (
            WHERE part.kind IN ('reserve_held', 'reserve_released')
        ), 0
    )::bigint AS reserved_minor
FROM position_part AS part
INNER JOIN issuer ON part.issuer_id = issuer.id
GROUP BY part.business_date, part.merchant_id, part.issuer_id, issuer.currency;

ALTER TABLE settlement_statement
ADD COLUMN reserved_minor bigint NOT NULL DEFAULT 0,
DROP CONSTRAINT statement_sums_up,
ADD CONSTRAINT statement_sums_up CHECK (
    payable_minor
    = turnover_minor + returned_minor + alliance_minor + corrected_minor + reserved_minor
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON reserve_terms, reserve_held TO posswitch_office;
GRANT INSERT (
    merchant_id, since, millionths, held_days, said_by, agreed_by
) ON reserve_terms TO posswitch_office;
GRANT SELECT (business_date, merchant_id, issuer_id, released_on) ON reserve_released
TO posswitch_office;
GRANT SELECT (id, merchant_id, since, millionths, held_days) ON reserve_terms TO posswitch_night;
GRANT SELECT, INSERT ON reserve_held, reserve_released TO posswitch_night;
GRANT SELECT ON reserve_terms, reserve_held, reserve_released TO posswitch_auditor;
GRANT SELECT (
    id, merchant_id, since, millionths, held_days, said_by, agreed_by
) ON reserve_terms TO posswitch_reader;
GRANT SELECT (
    business_date, merchant_id, issuer_id, unit, terms_id, base_minor, amount_minor, due_on,
    journal_id
) ON reserve_held TO posswitch_reader;
GRANT SELECT (
    business_date, merchant_id, issuer_id, released_on, journal_id
) ON reserve_released TO posswitch_reader;
GRANT SELECT (reserved_minor) ON settlement_statement, statement_of_parts TO posswitch_reader;
