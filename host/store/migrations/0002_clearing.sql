-- The night: what cut-off, netting, the trial balance, files and checkpoints leave behind.
-- All of it is derived from the ledger, written once per business date and never changed.

-- Every entry seen from each of its two accounts: credits positive, debits negative.
CREATE VIEW movement AS
SELECT shard, journal_id, leg, credit_account AS account_id, amount_minor, unit, business_date
FROM entry
UNION ALL
SELECT shard, journal_id, leg, debit_account, -amount_minor, unit, business_date
FROM entry;

-- What each business date moved on accounts between a merchant and an issuer.
CREATE VIEW day_position AS
SELECT
    movement.business_date,
    account.merchant_id,
    account.issuer_id,
    account.unit,
    account.chart,
    count(*) AS entries,
    coalesce(-sum(movement.amount_minor) FILTER (WHERE movement.amount_minor < 0), 0)::bigint
        AS debit_minor,
    coalesce(sum(movement.amount_minor) FILTER (WHERE movement.amount_minor > 0), 0)::bigint
        AS credit_minor
FROM movement
INNER JOIN account ON account.id = movement.account_id
WHERE account.merchant_id IS NOT NULL AND account.issuer_id IS NOT NULL
GROUP BY
    movement.business_date, account.merchant_id, account.issuer_id, account.unit, account.chart;

-- Each business date's turnover, all accounts.
CREATE VIEW day_turnover AS
SELECT
    movement.business_date,
    account.chart,
    account.unit,
    coalesce(-sum(movement.amount_minor) FILTER (WHERE movement.amount_minor < 0), 0)::bigint
        AS debit_minor,
    coalesce(sum(movement.amount_minor) FILTER (WHERE movement.amount_minor > 0), 0)::bigint
        AS credit_minor
FROM movement
INNER JOIN account ON account.id = movement.account_id
GROUP BY movement.business_date, account.chart, account.unit;

-- A business date's clearing. completed_at stays null until its last step is recorded.
CREATE TABLE clearing_run (
    business_date date PRIMARY KEY REFERENCES business_day,
    started_at timestamptz NOT NULL,
    completed_at timestamptz
);

-- step is a row of clearing.run.STEPS; the row commits with the step's own work.
CREATE TABLE clearing_step (
    business_date date NOT NULL REFERENCES clearing_run,
    step text NOT NULL,
    finished_at timestamptz NOT NULL,
    detail text NOT NULL,
    CONSTRAINT step_once PRIMARY KEY (business_date, step)
);

-- What a business date moved between a merchant and an issuer, by account kind.
-- credit_minor - debit_minor is in the merchant's favour.
CREATE TABLE position (
    business_date date NOT NULL REFERENCES clearing_run,
    merchant_id integer NOT NULL REFERENCES merchant,
    issuer_id smallint NOT NULL REFERENCES issuer,
    unit text NOT NULL,
    chart text NOT NULL,
    entries bigint NOT NULL CHECK (entries > 0),
    debit_minor bigint NOT NULL CHECK (debit_minor >= 0),
    credit_minor bigint NOT NULL CHECK (credit_minor >= 0),
    CONSTRAINT position_once PRIMARY KEY (business_date, merchant_id, issuer_id, unit, chart)
);

-- A business date's turnover by account kind and unit.
CREATE TABLE trial_balance (
    business_date date NOT NULL REFERENCES clearing_run,
    chart text NOT NULL,
    unit text NOT NULL,
    debit_minor bigint NOT NULL CHECK (debit_minor >= 0),
    credit_minor bigint NOT NULL CHECK (credit_minor >= 0),
    CONSTRAINT trial_balance_once PRIMARY KEY (business_date, chart, unit)
);

-- party is merchant.merchant_id or issuer.institution_id.
CREATE TABLE clearing_file (
    business_date date NOT NULL REFERENCES clearing_run,
    name text NOT NULL,
    side text NOT NULL CHECK (side IN ('merchant', 'issuer')),
    party text NOT NULL,
    items bigint NOT NULL CHECK (items >= 0),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32),
    CONSTRAINT clearing_file_once PRIMARY KEY (business_date, name)
);

-- Credits less debits of an account at the end of a business date on which it moved: its balance
-- at any later time is its newest checkpoint and the entries since.
CREATE TABLE checkpoint (
    account_id bigint NOT NULL REFERENCES account,
    business_date date NOT NULL REFERENCES clearing_run,
    balance_minor bigint NOT NULL,
    CONSTRAINT checkpoint_once PRIMARY KEY (account_id, business_date)
);

-- The last seal of each shard at the end of a business date.
CREATE TABLE checkpoint_seal (
    business_date date NOT NULL REFERENCES clearing_run,
    shard smallint NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT checkpoint_seal_once PRIMARY KEY (business_date, shard)
);

GRANT SELECT ON movement, day_position, day_turnover, clearing_run, clearing_step, position,
trial_balance, clearing_file, checkpoint, checkpoint_seal
TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON clearing_run, clearing_step, position, trial_balance, clearing_file,
checkpoint, checkpoint_seal TO posswitch_night;
GRANT UPDATE (completed_at) ON clearing_run TO posswitch_night;
