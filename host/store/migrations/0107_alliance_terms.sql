-- What points of an alliance cost who gives them out and bring who takes them, by dated rows, and
-- what the night settled of each date.

-- A row is of a programme, or of one merchant in it; that which names a merchant decides. Prices
-- are of so many points. A fee is of what is taken, and the card's issuer has a share of it.
CREATE TABLE alliance_terms (
    id integer CONSTRAINT alliance_terms_numbered PRIMARY KEY,
    programme text NOT NULL CONSTRAINT alliance_terms_of_programme REFERENCES programme (code),
    merchant_id integer CONSTRAINT alliance_terms_of_merchant REFERENCES merchant,
    since date NOT NULL,
    settled text NOT NULL CONSTRAINT alliance_terms_settled
    CHECK (settled IN ('at_issue', 'at_redemption', 'prefunded')),
    per_points integer NOT NULL CHECK (per_points > 0),
    issued_minor integer NOT NULL CHECK (issued_minor >= 0),
    redeemed_minor integer NOT NULL CHECK (redeemed_minor >= 0),
    fee_millionths integer NOT NULL CHECK (fee_millionths BETWEEN 0 AND 1000000),
    share_millionths integer NOT NULL CHECK (share_millionths BETWEEN 0 AND 1000000),
    made_by text NOT NULL CHECK (made_by <> ''),
    CONSTRAINT alliance_terms_once UNIQUE NULLS NOT DISTINCT (programme, merchant_id, since)
);
CREATE INDEX alliance_terms_by_merchant ON alliance_terms (merchant_id, id);

-- What was settled of a date, a row for each merchant, issuer, terms and act (see
-- host.rules.alliances), with the leg that it was posted by: none where nothing was to be paid. A
-- rest is with the first merchant of those that it is of.
CREATE TABLE alliance_settlement (
    business_date date NOT NULL CONSTRAINT alliance_settlement_of_day REFERENCES business_day,
    place integer NOT NULL CHECK (place > 0),
    terms_id integer CONSTRAINT alliance_settlement_of_terms REFERENCES alliance_terms,
    programme text NOT NULL,
    alliance_id smallint CONSTRAINT alliance_settlement_of_alliance REFERENCES alliance,
    merchant_id integer NOT NULL CONSTRAINT alliance_settlement_of_merchant REFERENCES merchant,
    issuer_id smallint NOT NULL CONSTRAINT alliance_settlement_of_issuer REFERENCES issuer,
    act text NOT NULL,
    points bigint NOT NULL,
    amount_minor bigint NOT NULL,
    unit text NOT NULL,
    is_prefunded boolean NOT NULL,
    journal_id bigint,
    leg smallint,
    CONSTRAINT alliance_settlement_once PRIMARY KEY (business_date, place),
    CONSTRAINT alliance_settlement_one_of_each UNIQUE NULLS NOT DISTINCT (
        business_date, merchant_id, issuer_id, programme, terms_id, act, unit
    ),
    CONSTRAINT alliance_settlement_posted CHECK (
        (amount_minor = 0) = (journal_id IS NULL) AND (journal_id IS NULL) = (leg IS NULL)
    )
);
CREATE INDEX alliance_settlement_of_issuers
ON alliance_settlement (issuer_id, business_date, place);
CREATE INDEX alliance_settlement_of_merchants
ON alliance_settlement (merchant_id, business_date, place);
CREATE INDEX alliance_settlement_of_alliances
ON alliance_settlement (alliance_id, business_date, place);

-- What stands between a merchant and an issuer of alliances, and what of it was put up before.
INSERT INTO account (id, chart, unit, issuer_id, merchant_id)
SELECT
    nextval('account_number'),
    kept.chart,
    issuer.currency,
    issuer.id,
    merchant.id
FROM (VALUES ('alliance_payable'), ('alliance_fund')) AS kept (chart)
CROSS JOIN issuer
CROSS JOIN merchant
ORDER BY kept.chart, issuer.id, merchant.id;
INSERT INTO account (id, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    'issuer_alliance',
    issuer.currency,
    issuer.id
FROM issuer
ORDER BY issuer.id;
INSERT INTO account (id, chart, unit)
SELECT
    nextval('account_number'),
    'rounding',
    money.unit
FROM (SELECT DISTINCT currency AS unit FROM issuer) AS money
WHERE
    NOT EXISTS (
        SELECT FROM account
        WHERE account.chart = 'rounding' AND account.unit = money.unit
    )
ORDER BY money.unit;

-- What issuers owe merchants of a date: neither fees nor what is not due before it is netted.
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
    WHERE position.chart NOT IN ('merchant_fees', 'alliance_fund')
    GROUP BY
        position.business_date, position.merchant_id, position.issuer_id, position.unit
) AS owed
GROUP BY owed.business_date, owed.unit;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON alliance_terms TO posswitch_office;
GRANT SELECT ON alliance_terms TO posswitch_auditor;
GRANT SELECT (
    id, programme, merchant_id, since, settled, per_points, issued_minor, redeemed_minor,
    fee_millionths, share_millionths
) ON alliance_terms TO posswitch_night;
GRANT SELECT (
    id, programme, merchant_id, since, settled, per_points, issued_minor, redeemed_minor,
    fee_millionths, share_millionths, made_by
) ON alliance_terms TO posswitch_reader;
GRANT INSERT ON alliance_settlement TO posswitch_night;
GRANT SELECT (
    business_date, place, terms_id, programme, merchant_id, issuer_id, act, points, amount_minor,
    unit, is_prefunded, journal_id, leg
) ON alliance_settlement TO posswitch_night;
GRANT SELECT ON alliance_settlement TO posswitch_auditor;
GRANT SELECT (
    business_date, place, terms_id, programme, alliance_id, merchant_id, issuer_id, act, points,
    amount_minor, unit, is_prefunded
) ON alliance_settlement TO posswitch_office;
GRANT SELECT (
    business_date, place, terms_id, programme, alliance_id, merchant_id, issuer_id, act, points,
    amount_minor, unit, is_prefunded, journal_id, leg
) ON alliance_settlement TO posswitch_reader;
GRANT SELECT (alliance_id) ON programme TO posswitch_night;
GRANT SELECT (merchant_id) ON journal TO posswitch_night;
GRANT SELECT (shard, journal_id, account_id, lot_id, points) ON lot_use TO posswitch_night;
