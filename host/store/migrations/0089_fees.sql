-- What merchants and issuers pay the house for each transaction, by dated rows, posted by the
-- night.

-- A row says of whose transactions, of which kinds, who pays, and how much: of a transaction from
-- so much on so much for itself and so many millionths of it. Whom it does not name is anybody.
CREATE TABLE fee (
    id integer CONSTRAINT fee_numbered PRIMARY KEY,
    payer text NOT NULL CONSTRAINT fee_payer CHECK (payer IN ('merchant', 'issuer')),
    merchant_id integer CONSTRAINT fee_of_merchant REFERENCES merchant,
    issuer_id smallint CONSTRAINT fee_of_issuer REFERENCES issuer,
    trade text NOT NULL DEFAULT '',
    channel text NOT NULL DEFAULT '',
    kinds text [] NOT NULL CONSTRAINT fee_kinds CHECK (kinds <> '{}'),
    since date NOT NULL,
    until date,
    from_minor bigint [] NOT NULL,
    flat_minor bigint [] NOT NULL,
    millionths integer [] NOT NULL,
    fee_min_minor bigint NOT NULL DEFAULT 0 CHECK (fee_min_minor >= 0),
    fee_max_minor bigint CHECK (fee_max_minor >= fee_min_minor),
    is_returned boolean NOT NULL DEFAULT true,
    made_by text NOT NULL CHECK (made_by <> ''),
    CONSTRAINT fee_ends_after_it_begins CHECK (until >= since),
    CONSTRAINT fee_tiers CHECK (
        from_minor[1] = 0
        AND cardinality(flat_minor) = cardinality(from_minor)
        AND cardinality(millionths) = cardinality(from_minor)
        AND 0 <= all(flat_minor)
        AND 0 <= all(millionths)
        AND 1000000 >= all(millionths)
    )
);
CREATE INDEX fee_by_merchant ON fee (merchant_id, since);

-- What the night charged of a date: so many transactions of a kind between a merchant and an
-- issuer, by a row above. What came back is in it. A fee of nothing has a row and no leg.
CREATE TABLE fee_charge (
    business_date date NOT NULL CONSTRAINT fee_charge_of_day REFERENCES business_day,
    merchant_id integer NOT NULL,
    issuer_id smallint NOT NULL,
    fee_id integer NOT NULL CONSTRAINT fee_charge_of_fee REFERENCES fee,
    kind text NOT NULL,
    items integer NOT NULL CHECK (items > 0),
    base_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    unit text NOT NULL,
    journal_id bigint,
    leg smallint,
    CONSTRAINT fee_charge_once PRIMARY KEY (business_date, merchant_id, issuer_id, fee_id, kind),
    CONSTRAINT fee_charge_posted CHECK (
        (fee_minor = 0) = (journal_id IS NULL) AND (journal_id IS NULL) = (leg IS NULL)
    )
);

-- What merchants and issuers owe of fees, and what the house has earned.
INSERT INTO account (id, chart, unit, issuer_id, merchant_id)
SELECT
    nextval('account_number'),
    'merchant_fees',
    issuer.currency,
    issuer.id,
    merchant.id
FROM issuer
CROSS JOIN merchant
ORDER BY issuer.id, merchant.id;
INSERT INTO account (id, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    'issuer_fees',
    issuer.currency,
    issuer.id
FROM issuer
ORDER BY issuer.id;
INSERT INTO account (id, chart, unit)
SELECT
    nextval('account_number'),
    'house_fees',
    money.unit
FROM (SELECT DISTINCT currency AS unit FROM issuer) AS money
ORDER BY money.unit;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON fee TO posswitch_office;
GRANT SELECT ON fee TO posswitch_night;
GRANT SELECT, INSERT ON fee_charge TO posswitch_night;
GRANT SELECT (
    id, payer, merchant_id, issuer_id, trade, channel, kinds, since, until, from_minor, flat_minor,
    millionths, fee_min_minor, fee_max_minor, is_returned, made_by
) ON fee TO posswitch_reader;
GRANT SELECT (
    business_date, merchant_id, issuer_id, fee_id, kind, items, base_minor, fee_minor, unit,
    journal_id, leg
) ON fee_charge TO posswitch_reader;

-- The night posts what it charges, in a chain of its own.
GRANT SELECT, INSERT, UPDATE (next_number) ON number_block TO posswitch_night;
GRANT INSERT (
    business_date, decided_at, home, slot, id, shard, seal, kind, fingerprint, reason,
    is_tombstone, answer, card_id, terminal_id
) ON exchange TO posswitch_night;
GRANT INSERT (
    form, business_date, sealed_at, shard, seq, previous, digest, items
) ON seal TO posswitch_night;
GRANT INSERT (
    business_date, shard, id, seal, home, slot, kind, original_id, card_id, issuer_id, merchant_id,
    terminal_id, amount_minor, unit, previous_id
) ON journal TO posswitch_night;
GRANT INSERT (
    business_date, shard, journal_id, leg, debit_account, credit_account, amount_minor, unit
) ON entry TO posswitch_night;
GRANT SELECT (attempt, amount_minor, is_moot) ON undo TO posswitch_night;
GRANT SELECT (currency) ON issuer TO posswitch_night;
GRANT SELECT (trade) ON merchant TO posswitch_night;
GRANT SELECT (programme, since, points, worth_minor) ON points_price TO posswitch_night;
