-- Cash that people take at counters for cards: each owes it until it is handed in.

-- What somebody took, or is about to: by whom, where, for which card, on which receipt.
CREATE TABLE cash_load (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cash_load_once PRIMARY KEY,
    receipt text NOT NULL CHECK (receipt <> ''),
    taken_by text NOT NULL CHECK (taken_by <> ''),
    merchant_id integer REFERENCES merchant,
    store_id integer REFERENCES store,
    issuer_id smallint NOT NULL REFERENCES issuer,
    shard smallint NOT NULL,
    card_id bigint NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT cash_load_amount CHECK (amount_minor > 0),
    asked_at timestamptz NOT NULL,
    taken_on date NOT NULL,
    state text NOT NULL DEFAULT 'asked',
    journal_id bigint,
    hand_in_id bigint,
    handed_id bigint,
    CONSTRAINT cash_load_state CHECK (state IN ('asked', 'refused', 'taken', 'handed_in')),
    CONSTRAINT cash_load_whole CHECK (
        (state IN ('taken', 'handed_in')) = (journal_id IS NOT NULL)
        AND (state = 'handed_in') = (handed_id IS NOT NULL)
        AND (handed_id IS NULL OR hand_in_id IS NOT NULL)
        AND (store_id IS NULL) = (merchant_id IS NULL)
    )
);
-- A receipt is one load, unless that was refused.
CREATE UNIQUE INDEX cash_load_receipt ON cash_load (taken_by, receipt) WHERE state <> 'refused';
CREATE INDEX cash_load_owed ON cash_load (taken_by, id) WHERE state IN ('asked', 'taken');
CREATE INDEX cash_load_of_day ON cash_load (taken_by, taken_on);
CREATE INDEX cash_load_by_journal ON cash_load (journal_id) WHERE journal_id IS NOT NULL;
CREATE INDEX cash_load_of_hand_in ON cash_load (hand_in_id, id) WHERE hand_in_id IS NOT NULL;

-- Cash that somebody has handed in, and who has counted it.
CREATE TABLE cash_hand_in (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cash_hand_in_once PRIMARY KEY,
    taken_by text NOT NULL CHECK (taken_by <> ''),
    amount_minor bigint NOT NULL CONSTRAINT cash_hand_in_amount CHECK (amount_minor > 0),
    slip text NOT NULL DEFAULT '',
    counted_by text NOT NULL CHECK (counted_by <> ''),
    handed_on date NOT NULL,
    handed_at timestamptz NOT NULL,
    CONSTRAINT cash_hand_in_by_two CHECK (counted_by <> taken_by)
);
CREATE INDEX cash_hand_in_of_day ON cash_hand_in (taken_by, handed_on);

INSERT INTO office_setting (name, value) VALUES ('cash_position_minor_max', 500000);

-- What people took in for an issuer, and have not handed in.
INSERT INTO account (id, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    'cash_in_hand',
    issuer.currency,
    issuer.id
FROM issuer
ORDER BY issuer.id;

-- Loads of cards are a list of their own, by whatever way they came.
CREATE INDEX journal_load ON journal (id)
WHERE kind IN ('cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken');

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON cash_load TO posswitch_poster;
GRANT UPDATE (state, journal_id, handed_id) ON cash_load TO posswitch_poster;
GRANT SELECT ON cash_load, cash_hand_in TO posswitch_office;
GRANT INSERT (
    receipt, taken_by, merchant_id, store_id, issuer_id, shard, card_id, amount_minor, asked_at,
    taken_on
) ON cash_load TO posswitch_office;
GRANT UPDATE (state, hand_in_id) ON cash_load TO posswitch_office;
GRANT INSERT (
    taken_by, amount_minor, slip, counted_by, handed_on, handed_at
) ON cash_hand_in TO posswitch_office;
GRANT SELECT (
    id, receipt, taken_by, merchant_id, store_id, issuer_id, shard, card_id, amount_minor,
    asked_at, taken_on, state, journal_id, hand_in_id, handed_id
) ON cash_load TO posswitch_reader;
GRANT SELECT (
    id, taken_by, amount_minor, slip, counted_by, handed_on, handed_at
) ON cash_hand_in TO posswitch_reader;
