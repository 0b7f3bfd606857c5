-- Rows of a statement that a side does not take are held out of what is paid until the house has
-- answered: what is rejected is paid then, what is upheld the next night gives back.

INSERT INTO office_setting (name, value) VALUES ('dispute_days', 14);

-- Who disputes rows of a statement confirms the rest of it.
CREATE TABLE statement_dispute (
    business_date date NOT NULL,
    place integer NOT NULL,
    side text NOT NULL,
    merchant_id integer NOT NULL,
    issuer_id smallint NOT NULL,
    why text NOT NULL CONSTRAINT statement_dispute_why CHECK (why <> ''),
    CONSTRAINT statement_dispute_once PRIMARY KEY (business_date, place, side),
    CONSTRAINT statement_dispute_of FOREIGN KEY (business_date, place, side)
    REFERENCES statement_confirmed,
    CONSTRAINT statement_dispute_of_two FOREIGN KEY (business_date, merchant_id, issuer_id)
    REFERENCES settlement_statement (business_date, merchant_id, issuer_id)
);
CREATE INDEX statement_dispute_of_merchants
ON statement_dispute (merchant_id, business_date, place, side);
CREATE INDEX statement_dispute_of_issuers
ON statement_dispute (issuer_id, business_date, place, side);

-- What a row moved between the two in the unit of the statement. What takes from the merchant is
-- not held out: it stands in the books until it is found to be wrong.
CREATE TABLE statement_held (
    business_date date NOT NULL,
    place integer NOT NULL,
    side text NOT NULL,
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT statement_held_amount CHECK (amount_minor <> 0),
    held_minor bigint NOT NULL CONSTRAINT statement_held_minor
    CHECK (held_minor = greatest(amount_minor, 0)),
    CONSTRAINT statement_held_once PRIMARY KEY (business_date, place, journal_id),
    CONSTRAINT statement_held_in FOREIGN KEY (business_date, place, side)
    REFERENCES statement_dispute
);

-- The house's answer, for good: given while that date was open.
CREATE TABLE statement_answer (
    business_date date NOT NULL,
    place integer NOT NULL,
    side text NOT NULL,
    is_upheld boolean NOT NULL,
    note text NOT NULL CONSTRAINT statement_answer_note CHECK (note <> ''),
    answered_by text NOT NULL CONSTRAINT statement_answer_by CHECK (answered_by <> ''),
    agreed_by text CONSTRAINT statement_answer_by_two CHECK (agreed_by <> answered_by),
    answered_at timestamptz NOT NULL,
    answered_on date NOT NULL CONSTRAINT statement_answer_on REFERENCES business_day,
    CONSTRAINT statement_answer_once PRIMARY KEY (business_date, place, side),
    CONSTRAINT statement_answer_of FOREIGN KEY (business_date, place, side)
    REFERENCES statement_dispute
);
CREATE INDEX statement_answer_upheld ON statement_answer (answered_on) WHERE is_upheld;

-- What a night gave back of what was upheld, by a journal of its date.
CREATE TABLE statement_correction (
    business_date date NOT NULL,
    place integer NOT NULL,
    side text NOT NULL,
    corrected_on date NOT NULL CONSTRAINT statement_correction_on REFERENCES business_day,
    journal_id bigint NOT NULL CONSTRAINT statement_correction_posted UNIQUE,
    CONSTRAINT statement_correction_once PRIMARY KEY (business_date, place, side),
    CONSTRAINT statement_correction_later CHECK (corrected_on > business_date),
    CONSTRAINT statement_correction_of FOREIGN KEY (business_date, place, side)
    REFERENCES statement_answer
);
CREATE INDEX statement_correction_by_day ON statement_correction (corrected_on);

-- What was held out and is paid since it was rejected: by one payout, for ever.
CREATE TABLE payout_held (
    business_date date NOT NULL,
    place integer NOT NULL,
    side text NOT NULL,
    payout_id bigint NOT NULL CONSTRAINT payout_held_in REFERENCES payout,
    CONSTRAINT payout_held_once PRIMARY KEY (business_date, place, side),
    CONSTRAINT payout_held_of FOREIGN KEY (business_date, place, side)
    REFERENCES statement_answer
);
CREATE INDEX payout_held_of_payout ON payout_held (payout_id, business_date, place, side);

-- What was given back is told apart of what was sold.
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
            AND part.kind NOT IN ('alliance_settlement', 'settlement_correction')
            AND part.amount_minor > 0
        ), 0
    )::bigint AS turnover_minor,
    coalesce(
        sum(part.amount_minor) FILTER (
            WHERE part.unit = issuer.currency
            AND part.kind NOT IN ('alliance_settlement', 'settlement_correction')
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
    )::bigint AS corrected_minor
FROM position_part AS part
INNER JOIN issuer ON part.issuer_id = issuer.id
GROUP BY part.business_date, part.merchant_id, part.issuer_id, issuer.currency;

ALTER TABLE settlement_statement
ADD COLUMN corrected_minor bigint NOT NULL DEFAULT 0,
DROP CONSTRAINT statement_sums_up,
ADD CONSTRAINT statement_sums_up CHECK (
    payable_minor = turnover_minor + returned_minor + alliance_minor + corrected_minor
);

-- What is paid of a statement by itself: without what was held out of it, and with what was held
-- out of an earlier one that it gives back, for that is paid to nobody.
CREATE VIEW statement_due AS
SELECT
    s.business_date,
    s.place,
    s.merchant_id,
    s.unit,
    held.minor AS held_minor,
    s.payable_minor - held.minor + given_back.minor AS due_minor
FROM settlement_statement AS s
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(h.held_minor), 0)::bigint AS minor
        FROM statement_held AS h
        WHERE h.business_date = s.business_date AND h.place = s.place
    ) AS held
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(h.held_minor), 0)::bigint AS minor
        FROM statement_correction AS c
        INNER JOIN settlement_statement AS before
            ON c.business_date = before.business_date AND c.place = before.place
        INNER JOIN statement_held AS h
            ON c.business_date = h.business_date AND c.place = h.place AND c.side = h.side
        WHERE
            c.corrected_on = s.business_date
            AND before.merchant_id = s.merchant_id
            AND before.issuer_id = s.issuer_id
    ) AS given_back;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON statement_dispute, statement_held, statement_answer, payout_held
TO posswitch_office;
GRANT SELECT ON statement_correction, statement_due TO posswitch_office;
GRANT SELECT ON statement_dispute, statement_held, statement_answer, statement_correction,
payout_held, statement_due TO posswitch_auditor;
GRANT SELECT (
    business_date, place, side, is_upheld, answered_on
) ON statement_answer TO posswitch_night;
GRANT SELECT (
    business_date, place, side, journal_id, amount_minor
) ON statement_held TO posswitch_night;
GRANT SELECT, INSERT ON statement_correction TO posswitch_night;
GRANT SELECT (
    business_date, place, side, merchant_id, issuer_id, why
) ON statement_dispute TO posswitch_reader;
GRANT SELECT (
    business_date, place, side, shard, journal_id, amount_minor, held_minor
) ON statement_held TO posswitch_reader;
GRANT SELECT (
    business_date, place, side, is_upheld, note, answered_by, agreed_by, answered_at, answered_on
) ON statement_answer TO posswitch_reader;
GRANT SELECT (
    business_date, place, side, corrected_on, journal_id
) ON statement_correction TO posswitch_reader;
GRANT SELECT (business_date, place, side, payout_id) ON payout_held TO posswitch_reader;
GRANT SELECT (corrected_minor) ON settlement_statement, statement_of_parts TO posswitch_reader;
GRANT SELECT (
    business_date, place, merchant_id, unit, held_minor, due_minor
) ON statement_due TO posswitch_reader;
