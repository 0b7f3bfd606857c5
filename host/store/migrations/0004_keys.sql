-- Keys as key blocks, how they were entered, and the DUKPT counters of devices.

-- A key block (ANSI X9.143, version D) under the LMK, bound to its terminal and generation.
-- Its header can be read; ik is a device's initial DUKPT key.
ALTER TABLE terminal_key
ADD COLUMN block text,
ADD COLUMN stored_at timestamptz NOT NULL DEFAULT now(),
-- The login names of those who entered it; empty for keys that came otherwise.
ADD COLUMN entered_by text NOT NULL DEFAULT '',
DROP CONSTRAINT terminal_key_usage_check,
ADD CONSTRAINT terminal_key_usage CHECK (usage IN ('tmk', 'pik', 'mak', 'tdk', 'ik'));

-- Keys wrapped the former way are kept as they are: SQL has no LMK to make key blocks with. They
-- do not open, so each is named by the audit and by posswitch keys list until it is entered anew.
UPDATE terminal_key SET block = 'wrapped ' || encode(wrapped, 'hex');

ALTER TABLE terminal_key
DROP COLUMN wrapped,
ALTER COLUMN block SET NOT NULL;

-- Keys under which other keys leave us; never a terminal's.
CREATE TABLE transport_key (
    name text PRIMARY KEY,
    block text NOT NULL,
    check_value text NOT NULL,
    entered_by text NOT NULL,
    stored_at timestamptz NOT NULL
);

-- Components of a key that is not whole yet. One person enters one, never two.
CREATE TABLE key_component (
    target text NOT NULL,
    number smallint NOT NULL CHECK (number BETWEEN 1 AND 3),
    count smallint NOT NULL CHECK (count IN (2, 3)),
    block text NOT NULL,
    check_value text NOT NULL,
    entered_by text NOT NULL,
    entered_at timestamptz NOT NULL,
    CONSTRAINT component_once PRIMARY KEY (target, number),
    CONSTRAINT one_component_an_operator UNIQUE (target, entered_by)
);

-- Terminals asked to sign on: keys up to this generation are to be replaced.
CREATE TABLE key_rotation (
    terminal_id text PRIMARY KEY REFERENCES terminal,
    through_generation integer NOT NULL,
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_as bigint GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX key_rotation_by_number ON key_rotation (asked_as);

-- The highest DUKPT counter seen of each device; it only rises.
CREATE TABLE terminal_counter (
    terminal_id text NOT NULL REFERENCES terminal,
    key_id text NOT NULL,
    counter bigint NOT NULL CHECK (counter > 0),
    -- Which message used it, where that is no exchange: it alone may come again.
    slot text NOT NULL DEFAULT '',
    CONSTRAINT terminal_counter_once PRIMARY KEY (terminal_id, key_id)
) WITH (fillfactor = 50);

-- Components and transport keys are the owner's alone: the host serves terminals without them.
GRANT SELECT ON key_rotation, terminal_counter
TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON terminal_counter TO posswitch_poster;
GRANT UPDATE (counter, slot) ON terminal_counter TO posswitch_poster;
