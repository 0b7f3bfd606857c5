-- A merchant books days of a place where members look, and the night of each day charges it.

CREATE TABLE ad_slot (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT ad_slot_numbered PRIMARY KEY,
    code text NOT NULL CONSTRAINT ad_slot_coded UNIQUE,
    shown_at text NOT NULL CONSTRAINT ad_slot_shown CHECK (shown_at IN ('member_home', 'stores')),
    name text NOT NULL,
    price_minor bigint NOT NULL CONSTRAINT ad_slot_price CHECK (price_minor > 0),
    unit text NOT NULL CONSTRAINT ad_slot_unit CHECK (unit ~ '^[A-Z]{3}$'),
    state text NOT NULL CONSTRAINT ad_slot_state CHECK (state IN ('open', 'ended')),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
);

-- What a merchant says there, on which days; in whose settlement each of them is taken. What a day
-- costs is what the slot cost then.
CREATE TABLE ad_booking (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT ad_booking_numbered PRIMARY KEY,
    slot_id integer NOT NULL CONSTRAINT ad_booking_slot REFERENCES ad_slot,
    merchant_id integer NOT NULL CONSTRAINT ad_booking_of REFERENCES merchant,
    issuer_id smallint NOT NULL CONSTRAINT ad_booking_taken_by REFERENCES issuer,
    first_on date NOT NULL,
    last_on date NOT NULL CONSTRAINT ad_booking_days CHECK (last_on - first_on BETWEEN 0 AND 91),
    title text NOT NULL CONSTRAINT ad_booking_title CHECK (title <> ''),
    advert_text text NOT NULL,
    price_minor bigint NOT NULL CONSTRAINT ad_booking_price CHECK (price_minor > 0),
    unit text NOT NULL,
    made_by text NOT NULL CONSTRAINT ad_booking_by CHECK (made_by <> ''),
    agreed_by text NOT NULL CONSTRAINT ad_booking_agreed
    CHECK (agreed_by <> '' AND agreed_by <> made_by),
    made_at timestamptz NOT NULL
);
CREATE INDEX ad_booking_of_merchant ON ad_booking (merchant_id, id);

-- From which of its days on it is no more. What was charged before stays charged.
CREATE TABLE ad_end (
    booking_id bigint NOT NULL CONSTRAINT ad_end_once PRIMARY KEY
    CONSTRAINT ad_end_of REFERENCES ad_booking,
    ended_on date NOT NULL,
    ended_by text NOT NULL CONSTRAINT ad_end_by CHECK (ended_by <> ''),
    ended_at timestamptz NOT NULL
);

-- A day of a slot is one merchant's: whoever books a day that an ended booking had, has it.
CREATE TABLE ad_day (
    slot_id integer NOT NULL,
    day date NOT NULL,
    booking_id bigint NOT NULL CONSTRAINT ad_day_of REFERENCES ad_booking,
    CONSTRAINT ad_day_once PRIMARY KEY (slot_id, day)
);
CREATE INDEX ad_day_by_day ON ad_day (day);

-- What a night charged for a day, by a journal of that date.
CREATE TABLE ad_charge (
    booking_id bigint NOT NULL CONSTRAINT ad_charge_of REFERENCES ad_booking,
    business_date date NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ad_charge_some CHECK (amount_minor > 0),
    journal_id bigint NOT NULL,
    CONSTRAINT ad_charge_once PRIMARY KEY (booking_id, business_date),
    CONSTRAINT ad_charge_posted UNIQUE (business_date, journal_id)
);

-- What advertising cost is told apart of what was sold.
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
                'alliance_settlement', 'settlement_correction', 'reserve_held', 'reserve_released',
                'advertising'
            )
            AND part.amount_minor > 0
        ), 0
    )::bigint AS turnover_minor,
    coalesce(
        sum(part.amount_minor) FILTER (
            WHERE part.unit = issuer.currency
            AND part.kind NOT IN (
                'alliance_settlement', 'settlement_correction', 'reserve_held', 'reserve_released',
                'advertising'
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
    )::bigint AS reserved_minor,
    coalesce(
        sum(part.amount_minor) FILTER (WHERE part.kind = 'advertising'), 0
    )::bigint AS advertised_minor
FROM position_part AS part
INNER JOIN issuer ON part.issuer_id = issuer.id
GROUP BY part.business_date, part.merchant_id, part.issuer_id, issuer.currency;

ALTER TABLE settlement_statement
ADD COLUMN advertised_minor bigint NOT NULL DEFAULT 0,
DROP CONSTRAINT statement_sums_up,
ADD CONSTRAINT statement_sums_up CHECK (
    payable_minor
    = turnover_minor + returned_minor + alliance_minor + corrected_minor + reserved_minor
    + advertised_minor
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON ad_slot, ad_booking, ad_end, ad_day TO posswitch_office;
GRANT SELECT (booking_id, amount_minor) ON ad_charge TO posswitch_office;
GRANT INSERT (
    code, shown_at, name, price_minor, unit, state, set_by, set_at
) ON ad_slot TO posswitch_office;
GRANT UPDATE (
    shown_at, name, price_minor, state, set_by, set_at
) ON ad_slot TO posswitch_office;
GRANT INSERT (
    slot_id, merchant_id, issuer_id, first_on, last_on, title, advert_text, price_minor, unit,
    made_by, agreed_by, made_at
) ON ad_booking TO posswitch_office;
GRANT INSERT ON ad_end, ad_day TO posswitch_office;
GRANT UPDATE (booking_id) ON ad_day TO posswitch_office;
GRANT SELECT (
    id, merchant_id, issuer_id, price_minor, unit
) ON ad_booking TO posswitch_night;
GRANT SELECT (booking_id, ended_on) ON ad_end TO posswitch_night;
GRANT SELECT ON ad_day TO posswitch_night;
GRANT SELECT, INSERT ON ad_charge TO posswitch_night;
GRANT SELECT ON ad_slot, ad_booking, ad_end, ad_day, ad_charge TO posswitch_auditor;
GRANT SELECT (
    id, code, shown_at, name, price_minor, unit, state, set_by, set_at
) ON ad_slot TO posswitch_reader;
GRANT SELECT (
    id, slot_id, merchant_id, issuer_id, first_on, last_on, title, advert_text, price_minor, unit,
    made_by, agreed_by, made_at
) ON ad_booking TO posswitch_reader;
GRANT SELECT (booking_id, ended_on, ended_by, ended_at) ON ad_end TO posswitch_reader;
GRANT SELECT (slot_id, day, booking_id) ON ad_day TO posswitch_reader;
GRANT SELECT (
    booking_id, business_date, amount_minor, journal_id
) ON ad_charge TO posswitch_reader;
GRANT SELECT (advertised_minor) ON settlement_statement, statement_of_parts TO posswitch_reader;
