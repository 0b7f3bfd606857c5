-- What merchants are owed is paid: to which account, of which statements, in which file for a bank.

INSERT INTO office_setting (name, value) VALUES ('payout_minor_min', 10000);

-- Where one is paid, or, of no merchant, from where the house pays: the newest is in force.
CREATE TABLE payout_account (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT payout_account_numbered PRIMARY KEY,
    merchant_id integer CONSTRAINT payout_account_of_merchant REFERENCES merchant,
    holder text NOT NULL CONSTRAINT payout_account_holder CHECK (holder <> ''),
    account text NOT NULL CONSTRAINT payout_account_number
    CHECK (account ~ '^([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}|[0-9]{5,34})$'),
    account_masked text NOT NULL CONSTRAINT payout_account_masked
    CHECK (account_masked = '****' || right(account, 4)),
    bank text NOT NULL CONSTRAINT payout_account_bank
    CHECK (bank ~ '^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?|[0-9]{12})$'),
    set_at timestamptz NOT NULL,
    set_by text NOT NULL CONSTRAINT payout_account_set_by CHECK (set_by <> ''),
    agreed_by text NOT NULL CONSTRAINT payout_account_agreed_by
    CHECK (agreed_by <> '' AND agreed_by <> set_by)
);
CREATE INDEX payout_account_newest ON payout_account (coalesce(merchant_id, 0), id);

-- What a bank is told at once: it is made out of what stands here, and is the same bytes again.
CREATE TABLE payout_file (
    id integer CONSTRAINT payout_file_numbered PRIMARY KEY CHECK (id > 0),
    pay_on date NOT NULL,
    account_id bigint NOT NULL CONSTRAINT payout_file_account REFERENCES payout_account,
    payouts integer NOT NULL CHECK (payouts > 0),
    total_minor bigint NOT NULL CHECK (total_minor > 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    asked_by text NOT NULL,
    agreed_by text NOT NULL CONSTRAINT payout_file_by_two
    CHECK (agreed_by <> '' AND agreed_by <> asked_by),
    made_at timestamptz NOT NULL
);

-- What one merchant is paid of one date and those before it.
CREATE TABLE payout (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT payout_numbered PRIMARY KEY,
    business_date date NOT NULL CONSTRAINT payout_of_day REFERENCES business_day,
    merchant_id integer NOT NULL CONSTRAINT payout_of_merchant REFERENCES merchant,
    unit text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    end_to_end_id text NOT NULL CHECK (end_to_end_id <> ''),
    account_id bigint NOT NULL CONSTRAINT payout_to REFERENCES payout_account,
    file_id integer NOT NULL CONSTRAINT payout_in REFERENCES payout_file,
    CONSTRAINT payout_once UNIQUE (business_date, merchant_id, unit)
);
CREATE INDEX payout_by_day ON payout (business_date, id);
CREATE INDEX payout_of_merchants ON payout (merchant_id, id);
CREATE INDEX payout_of_file ON payout (file_id, id);
CREATE INDEX payout_to_account ON payout (account_id);

-- A statement is paid by one payout, for ever.
CREATE TABLE payout_statement (
    business_date date NOT NULL,
    place integer NOT NULL,
    payout_id bigint NOT NULL CONSTRAINT payout_statement_in REFERENCES payout,
    CONSTRAINT payout_statement_once PRIMARY KEY (business_date, place),
    CONSTRAINT payout_statement_of FOREIGN KEY (business_date, place)
    REFERENCES settlement_statement
);
CREATE INDEX payout_statement_of_payout ON payout_statement (payout_id, business_date, place);

-- Lines of bank statements, which name no terminal, by what they pay.
CREATE INDEX recon_line_of_payment ON recon_line (rrn, file_id)
WHERE terminal_id = '' AND rrn <> '';

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON payout_account, payout_file, payout, payout_statement TO posswitch_auditor;
GRANT SELECT ON payout_account, payout_file, payout, payout_statement TO posswitch_office;
GRANT INSERT (
    merchant_id, holder, account, account_masked, bank, set_at, set_by, agreed_by
) ON payout_account TO posswitch_office;
GRANT INSERT ON payout_file, payout_statement TO posswitch_office;
GRANT INSERT (
    business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id, file_id
) ON payout TO posswitch_office;
GRANT SELECT (
    id, merchant_id, holder, account_masked, bank, set_at, set_by, agreed_by
) ON payout_account TO posswitch_reader;
GRANT SELECT (
    id, pay_on, account_id, payouts, total_minor, sha256, asked_by, agreed_by, made_at
) ON payout_file TO posswitch_reader;
GRANT SELECT (
    id, business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id, file_id
) ON payout TO posswitch_reader;
GRANT SELECT (business_date, place, payout_id) ON payout_statement TO posswitch_reader;
