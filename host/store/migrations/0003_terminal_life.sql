-- The life of a terminal: its batches as it settles them, what it uploads, what it says of itself,
-- and the cases in which terminal and host disagree.

-- Whether a terminal counts points in the second half of F48, or leaves points out of it.
ALTER TABLE terminal ADD COLUMN settles_points boolean NOT NULL DEFAULT true;

-- A terminal batch from its first settlement or upload on; a batch without a row is still open.
-- Totals are eight numbers: money debit, its count, credit, its count, then the same in points.
CREATE TABLE terminal_batch (
    institution text NOT NULL,
    terminal_id text NOT NULL REFERENCES terminal,
    epoch text COLLATE "C" NOT NULL,
    state text NOT NULL,
    -- Counts settlements whose totals differ from the one before; records belong to one.
    attempt smallint NOT NULL,
    with_points boolean NOT NULL,
    business_date date NOT NULL,
    -- What the terminal said; null where it uploaded without settling.
    told bigint [],
    -- What the host counted: at the settlement, and for the last time when the batch closed.
    counted bigint [] NOT NULL,
    -- The answers as they were given, for a repeat.
    answer bytea,
    end_answer bytea,
    settled_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT terminal_batch_once PRIMARY KEY (institution, terminal_id, epoch),
    CONSTRAINT terminal_batch_state CHECK (state IN ('reconciled', 'awaiting_upload', 'closed')),
    CONSTRAINT terminal_batch_eight_totals CHECK (
        cardinality(counted) = 8 AND (told IS NULL OR cardinality(told) = 8)
    ),
    CONSTRAINT terminal_batch_answered CHECK ((told IS NULL) = (answer IS NULL)),
    CONSTRAINT terminal_batch_ended CHECK (
        (state = 'closed') = (closed_at IS NOT NULL)
        AND (state = 'closed') = (end_answer IS NOT NULL)
    )
);

-- One transaction as the terminal has it. The card is a keyed hash, and masked for people.
CREATE TABLE upload_record (
    institution text NOT NULL,
    terminal_id text NOT NULL,
    epoch text COLLATE "C" NOT NULL,
    attempt smallint NOT NULL,
    stan text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    pan_hash bytea,
    pan_masked text,
    is_foreign boolean NOT NULL,
    kind text,
    CONSTRAINT upload_record_once PRIMARY KEY (institution, terminal_id, epoch, attempt, stan),
    CONSTRAINT upload_record_of_batch FOREIGN KEY (institution, terminal_id, epoch)
    REFERENCES terminal_batch
);

-- What a person has to look at. kind is a row of host.cases.CASES; stan is empty where a whole
-- batch is meant. The same thing seen again while it is open is counted, not listed twice.
CREATE TABLE exception_case (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    terminal_id text NOT NULL,
    epoch text NOT NULL,
    stan text NOT NULL,
    detail text NOT NULL,
    amount_minor bigint NOT NULL,
    unit text NOT NULL,
    times integer NOT NULL DEFAULT 1,
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_by text,
    note text,
    CONSTRAINT case_amount_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT case_resolved_whole CHECK (
        (resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (note IS NULL)
    )
);
CREATE UNIQUE INDEX case_open_once
ON exception_case (kind, terminal_id, epoch, stan, unit) WHERE resolved_at IS NULL;
CREATE INDEX case_of_terminal ON exception_case (terminal_id);

-- What a terminal last said of itself (F62 of a status upload).
CREATE TABLE terminal_status (
    terminal_id text PRIMARY KEY REFERENCES terminal,
    status bytea NOT NULL,
    reported_at timestamptz NOT NULL
);

-- The poster keeps batches and opens cases; it resolves the one kind that an upload's end settles.
-- An operator, who is logged in as the night is, resolves the others. Nobody deletes any.
GRANT SELECT ON terminal_batch, upload_record, exception_case, terminal_status
TO posswitch_poster, posswitch_night, posswitch_reader;
GRANT INSERT ON terminal_batch, upload_record, exception_case, terminal_status TO posswitch_poster;
GRANT UPDATE (
    state, attempt, business_date, told, counted, answer, end_answer, settled_at, closed_at
) ON terminal_batch TO posswitch_poster;
GRANT UPDATE (times, seen_at, resolved_at, resolved_by, note) ON exception_case TO posswitch_poster;
GRANT UPDATE (status, reported_at) ON terminal_status TO posswitch_poster;
GRANT UPDATE (resolved_at, resolved_by, note) ON exception_case TO posswitch_night;
