-- The first schema: estate, cards, exchanges, ledger, business days.
-- Every table on the posting path has its shard first in its key. Constraint names are an API.

CREATE TABLE setting (
    name text PRIMARY KEY,
    value text NOT NULL
);

-- Estate: few rows, read whole by the host. ------------------------------------------------

CREATE TABLE issuer (
    id smallint PRIMARY KEY,
    institution_id text NOT NULL UNIQUE CHECK (institution_id ~ '^[0-9]{1,11}$'),
    name text NOT NULL,
    pan_prefix text NOT NULL UNIQUE CHECK (pan_prefix ~ '^[0-9]{2,12}$'),
    currency text NOT NULL,
    amount_minor_max bigint NOT NULL CHECK (amount_minor_max > 0),
    balance_minor_max bigint NOT NULL CHECK (balance_minor_max > 0),
    pin_tries_max smallint NOT NULL CHECK (pin_tries_max > 0),
    is_active boolean NOT NULL DEFAULT true
);

CREATE TABLE programme (
    code text PRIMARY KEY,
    issuer_id smallint NOT NULL UNIQUE REFERENCES issuer,
    name text NOT NULL,
    earn_points bigint NOT NULL CHECK (earn_points >= 0),
    earn_per_minor bigint NOT NULL CHECK (earn_per_minor > 0),
    redemption_points_min bigint NOT NULL CHECK (redemption_points_min >= 0),
    lot_months smallint NOT NULL CHECK (lot_months > 0),
    debt_is_allowed boolean NOT NULL
);

CREATE TABLE merchant (
    id integer PRIMARY KEY,
    merchant_id text NOT NULL UNIQUE CHECK (length(merchant_id) = 15),
    name text NOT NULL,
    is_active boolean NOT NULL DEFAULT true
);

CREATE TABLE store (
    id integer PRIMARY KEY,
    merchant_id integer NOT NULL REFERENCES merchant,
    name text NOT NULL
);

CREATE TABLE acceptance (
    merchant_id integer NOT NULL REFERENCES merchant,
    issuer_id smallint NOT NULL REFERENCES issuer,
    PRIMARY KEY (merchant_id, issuer_id)
);

CREATE TABLE terminal (
    terminal_id text PRIMARY KEY CHECK (length(terminal_id) = 8),
    store_id integer NOT NULL REFERENCES store,
    is_active boolean NOT NULL DEFAULT true,
    epoch text NOT NULL,
    mac_algorithm text NOT NULL,
    serial text,
    -- The newest key set the terminal has proved to hold; older ones are dead.
    key_generation integer NOT NULL DEFAULT 0
);

-- Keys wrapped under the LMK; check values are for people.
CREATE TABLE terminal_key (
    terminal_id text NOT NULL REFERENCES terminal,
    usage text NOT NULL CHECK (usage IN ('tmk', 'pik', 'mak', 'tdk')),
    generation integer NOT NULL,
    wrapped bytea NOT NULL,
    check_value text NOT NULL,
    PRIMARY KEY (terminal_id, usage, generation)
);

-- Cards and accounts. -----------------------------------------------------------------------

CREATE TABLE card (
    shard smallint NOT NULL,
    pan_hash bytea NOT NULL,
    id bigint NOT NULL UNIQUE,
    issuer_id smallint NOT NULL REFERENCES issuer,
    status text NOT NULL CHECK (status IN ('inactive', 'active', 'frozen', 'lost', 'stolen')),
    expiry text NOT NULL CHECK (expiry ~ '^[0-9]{4}$'),
    pin_value text,
    pin_failures smallint NOT NULL DEFAULT 0,
    pan_masked text NOT NULL,
    pan_sealed bytea NOT NULL,
    value_account bigint NOT NULL,
    points_account bigint NOT NULL,
    CONSTRAINT card_once PRIMARY KEY (shard, pan_hash)
) WITH (fillfactor = 70);

CREATE SEQUENCE account_number START 1;

-- chart is a row of host.ledger.CHART. Owners are null where the chart has none.
CREATE TABLE account (
    id bigint PRIMARY KEY,
    shard smallint NOT NULL,
    chart text NOT NULL,
    unit text NOT NULL,
    issuer_id smallint REFERENCES issuer,
    merchant_id integer REFERENCES merchant,
    card_id bigint,
    CONSTRAINT account_once UNIQUE NULLS NOT DISTINCT (chart, unit, issuer_id, merchant_id, card_id)
);

-- Only accounts whose balance must be checked before posting have a row here: the cards'.
-- Every other balance is the sum of its entries.
CREATE TABLE balance (
    shard smallint NOT NULL,
    account_id bigint NOT NULL,
    posted_minor bigint NOT NULL DEFAULT 0,
    held_minor bigint NOT NULL DEFAULT 0,
    floor_minor bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (shard, account_id),
    CONSTRAINT account_not_overdrawn CHECK (posted_minor - held_minor >= floor_minor),
    CONSTRAINT hold_not_negative CHECK (held_minor >= 0)
) WITH (fillfactor = 40);

-- Days and numbers. ---------------------------------------------------------------------------

CREATE TABLE business_day (
    business_date date PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE UNIQUE INDEX one_open_business_day ON business_day (state) WHERE state = 'open';

-- Writers take blocks of RRN counters; a date's counter never goes back.
CREATE TABLE number_block (
    business_date date PRIMARY KEY,
    next_number bigint NOT NULL
);

-- Exchanges: what was asked and what was answered, once. ---------------------------------------
-- home is the shard of the terminal: a swiped reversal knows no card. shard is where it posted.
-- A tombstone holds the place of an original that its reversal overtook.

CREATE TABLE exchange (
    home smallint NOT NULL,
    slot text COLLATE "C" NOT NULL,
    id bigint NOT NULL,
    shard smallint NOT NULL,
    seal bigint NOT NULL,
    kind text NOT NULL,
    fingerprint bytea NOT NULL,
    reason text NOT NULL,
    is_tombstone boolean NOT NULL,
    answer bytea NOT NULL,
    card_id bigint,
    terminal_id text NOT NULL,
    business_date date NOT NULL,
    decided_at timestamptz NOT NULL,
    CONSTRAINT exchange_once PRIMARY KEY (home, slot)
);
CREATE INDEX exchange_by_day ON exchange USING brin (business_date);

-- Ledger: append-only. --------------------------------------------------------------------------

CREATE TABLE journal (
    shard smallint NOT NULL,
    id bigint NOT NULL,
    seal bigint NOT NULL,
    home smallint NOT NULL,
    slot text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    original_id bigint,
    card_id bigint NOT NULL,
    issuer_id smallint NOT NULL,
    merchant_id integer NOT NULL,
    terminal_id text NOT NULL,
    amount_minor bigint NOT NULL,
    unit text NOT NULL,
    business_date date NOT NULL,
    CONSTRAINT journal_once PRIMARY KEY (shard, id)
);
CREATE INDEX journal_by_day ON journal USING brin (business_date);

CREATE TABLE entry (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    leg smallint NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL,
    amount_minor bigint NOT NULL,
    unit text NOT NULL,
    business_date date NOT NULL,
    CONSTRAINT entry_once PRIMARY KEY (shard, journal_id, leg),
    CONSTRAINT entry_positive CHECK (amount_minor > 0),
    CONSTRAINT entry_two_sides CHECK (debit_account <> credit_account)
);
CREATE INDEX entry_by_day ON entry USING brin (business_date);

-- A fact about an original: voided, reversed, or refunded in part or whole. A void may itself be
-- reversed (an undo whose original is the void's journal): then its original stands again and may
-- be voided a second time. attempt counts the facts about one original, so two can never race.
CREATE TABLE undo (
    shard smallint NOT NULL,
    original_id bigint NOT NULL,
    attempt smallint NOT NULL,
    journal_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('void', 'refund', 'reversal')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    CONSTRAINT undo_once PRIMARY KEY (shard, original_id, attempt)
);

-- Points are kept in lots; the one that expires first is spent first. A lot may be negative only
-- where a refunded purchase's points were already spent and the programme allows the debt.
CREATE TABLE lot (
    shard smallint NOT NULL,
    account_id bigint NOT NULL,
    id bigint NOT NULL,
    earned_on date NOT NULL,
    expires_on date NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    remaining bigint NOT NULL,
    CONSTRAINT lot_once PRIMARY KEY (shard, account_id, id),
    CONSTRAINT lot_not_overfilled CHECK (remaining <= points)
) WITH (fillfactor = 70);

-- Which lots a journal took from (positive) or gave back to (negative).
CREATE TABLE lot_use (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    account_id bigint NOT NULL,
    lot_id bigint NOT NULL,
    points bigint NOT NULL CHECK (points <> 0),
    CONSTRAINT lot_use_once PRIMARY KEY (shard, journal_id, account_id, lot_id)
);

-- The hash chain: one row a stored batch and shard. digest covers previous and the batch's rows.
CREATE TABLE seal (
    shard smallint NOT NULL,
    seq bigint NOT NULL,
    previous bytea NOT NULL,
    digest bytea NOT NULL,
    items integer NOT NULL CHECK (items > 0),
    business_date date NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT seal_once PRIMARY KEY (shard, seq)
);

-- What each role may do. The poster appends to the ledger and can never change it. -------------

GRANT SELECT ON ALL TABLES IN SCHEMA public TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON exchange, journal, entry, undo, lot, lot_use, seal TO posswitch_poster;
GRANT UPDATE (posted_minor, held_minor) ON balance TO posswitch_poster;
GRANT UPDATE (pin_failures) ON card TO posswitch_poster;
GRANT UPDATE (remaining) ON lot TO posswitch_poster;
GRANT UPDATE (epoch, serial, key_generation) ON terminal TO posswitch_poster;
GRANT INSERT, DELETE ON terminal_key TO posswitch_poster;
GRANT INSERT, UPDATE ON number_block TO posswitch_poster;
GRANT INSERT, UPDATE ON business_day TO posswitch_night;
