-- What merchants, issuers and the bank say of a business date, held against what we have.

-- The RRN of a number: MMDD of its date, and its counter in eight characters; see
-- host.model.numbers.
CREATE FUNCTION rrn_of(number bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_char(date '2020-01-01' + (number / 1000000000)::integer, 'MMDD')
|| CASE
    WHEN number % 1000000000 < 100000000 THEN lpad((number % 1000000000)::text, 8, '0')
    ELSE
        substr(
            '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
            (number % 1000000000 / 10000000)::integer + 1,
            1
        )
        || lpad((number % 10000000)::text, 7, '0')
END;

-- Who is to send a file of each date, from when until when.
CREATE TABLE recon_due (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT recon_due_numbered PRIMARY KEY,
    source text NOT NULL,
    merchant_id integer REFERENCES merchant,
    issuer_id smallint REFERENCES issuer,
    since date NOT NULL,
    until date,
    said_by text NOT NULL CHECK (said_by <> ''),
    CONSTRAINT recon_due_once UNIQUE NULLS NOT DISTINCT (source, merchant_id, issuer_id),
    CONSTRAINT recon_due_source CHECK (
        (source = 'merchant_file') = (merchant_id IS NOT NULL)
        AND (source = 'issuer_file') = (issuer_id IS NOT NULL)
        AND source IN ('merchant_file', 'issuer_file', 'bank_statement')
    )
);

-- A file that was taken: whole, once, one of a date and of whom it is.
CREATE TABLE recon_file (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT recon_file_numbered PRIMARY KEY,
    source text NOT NULL,
    layout text NOT NULL,
    merchant_id integer REFERENCES merchant,
    issuer_id smallint REFERENCES issuer,
    business_date date NOT NULL REFERENCES business_day,
    unit text NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT recon_file_digest CHECK (length(sha256) = 32),
    lines integer NOT NULL CHECK (lines >= 0),
    sent_by text NOT NULL CHECK (sent_by <> ''),
    sent_at timestamptz NOT NULL,
    matched_at timestamptz,
    matched integer NOT NULL DEFAULT 0,
    CONSTRAINT recon_file_once
    UNIQUE NULLS NOT DISTINCT (source, merchant_id, issuer_id, sha256),
    CONSTRAINT recon_file_of_date
    UNIQUE NULLS NOT DISTINCT (source, merchant_id, issuer_id, business_date),
    CONSTRAINT recon_file_source CHECK (
        (source = 'merchant_file') = (merchant_id IS NOT NULL)
        AND (source = 'issuer_file') = (issuer_id IS NOT NULL)
        AND source IN ('merchant_file', 'issuer_file', 'bank_statement')
    )
);
CREATE INDEX recon_file_by_day ON recon_file (business_date, id);
CREATE INDEX recon_file_of_merchant ON recon_file (merchant_id, id);

-- What stands in it, line by line, for ever. Positive is what an issuer owes a merchant, or what
-- was paid to one.
CREATE TABLE recon_line (
    file_id bigint NOT NULL REFERENCES recon_file,
    line integer NOT NULL CHECK (line > 0),
    rrn text NOT NULL,
    terminal_id text NOT NULL,
    batch text NOT NULL,
    trace text NOT NULL,
    traded_on date,
    unit text NOT NULL CHECK (unit <> ''),
    amount_minor bigint NOT NULL,
    CONSTRAINT recon_line_once PRIMARY KEY (file_id, line)
);

-- A line that is one of ours, for ever: which, by what it was found, and how sure that is.
CREATE TABLE recon_match (
    file_id bigint NOT NULL,
    line integer NOT NULL,
    rrn text NOT NULL,
    unit text NOT NULL,
    shard smallint,
    number bigint,
    found_by text NOT NULL CHECK (found_by IN ('rrn', 'keys', 'fuzzy', 'came_late')),
    score smallint NOT NULL CHECK (score BETWEEN 1 AND 100),
    CONSTRAINT recon_match_once PRIMARY KEY (file_id, line),
    CONSTRAINT recon_match_of_one UNIQUE NULLS NOT DISTINCT (file_id, number, rrn, unit),
    CONSTRAINT recon_match_of_line FOREIGN KEY (file_id, line) REFERENCES recon_line
);

-- A difference: what is other, how old it is, whose it is to explain, and what became of it.
CREATE TABLE recon_item (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT recon_item_numbered PRIMARY KEY,
    business_date date NOT NULL,
    source text NOT NULL,
    difference text NOT NULL CHECK (
        difference IN ('we_lack', 'they_lack', 'other_amount', 'doubled', 'late', 'unknown')
    ),
    file_id bigint NOT NULL REFERENCES recon_file,
    line integer,
    merchant_id integer,
    issuer_id smallint,
    rrn text NOT NULL,
    terminal_id text NOT NULL,
    batch text NOT NULL,
    trace text NOT NULL,
    unit text NOT NULL,
    shard smallint,
    number bigint,
    ours_minor bigint NOT NULL,
    theirs_minor bigint NOT NULL,
    suggested text NOT NULL DEFAULT '',
    score smallint NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    owner text NOT NULL DEFAULT '',
    answer text CONSTRAINT recon_item_answer CHECK (
        answer IN ('match', 'posted', 'write_off', 'came_late')
    ),
    answered_by text,
    answered_at timestamptz,
    with_item bigint,
    mended_shard smallint,
    mended_number bigint CONSTRAINT recon_item_mended UNIQUE,
    note text NOT NULL DEFAULT '',
    CONSTRAINT recon_item_of_line FOREIGN KEY (file_id, line) REFERENCES recon_line,
    CONSTRAINT recon_item_other CHECK (
        ours_minor <> theirs_minor AND (difference = 'they_lack') = (line IS NULL)
    ),
    CONSTRAINT recon_item_answered CHECK (
        (answer IS NULL) = (answered_by IS NULL)
        AND (answer IS NULL) = (answered_at IS NULL)
        AND (answer IS NULL) = (with_item IS NULL)
        AND (mended_number IS NOT NULL) = (coalesce(answer, '') = 'posted')
    )
);
CREATE INDEX recon_item_by_day ON recon_item (business_date, id);
CREATE INDEX recon_item_of_merchant ON recon_item (merchant_id, id);
CREATE INDEX recon_item_open ON recon_item (business_date) WHERE answer IS NULL;
CREATE INDEX recon_item_with ON recon_item (with_item) WHERE with_item IS NOT NULL;

-- As before, and: all that was to be sent of a date is there, and no difference of it is open.
CREATE OR REPLACE VIEW day_state AS
SELECT
    day.business_date,
    CASE
        WHEN day.state = 'open' THEN 'open'
        WHEN release.business_date IS NOT NULL THEN 'released'
        WHEN 'checkpoint' = any(night.steps)
            THEN CASE WHEN told.is_reconciled THEN 'reconciled' ELSE 'files_out' END
        WHEN 'net' = any(night.steps) THEN 'netted'
        ELSE 'closed'
    END AS state,
    coalesce(cardinality(night.steps), 0) AS steps,
    coalesce(night.taken_by, '{}') AS taken_by,
    night.files_digest,
    release.released_by,
    release.released_at
FROM business_day AS day
LEFT JOIN clearing_release AS release ON day.business_date = release.business_date
LEFT JOIN LATERAL (
    SELECT
        array_agg(step.step) AS steps,
        array_agg(DISTINCT step.taken_by) FILTER (WHERE step.taken_by <> '') AS taken_by,
        max(step.left_digest) FILTER (WHERE step.step = 'files') AS files_digest
    FROM clearing_step AS step
    WHERE step.business_date = day.business_date
) AS night ON true
LEFT JOIN LATERAL (
    SELECT
        coalesce(bool_and(file.matched_at IS NOT NULL), false)
        AND NOT EXISTS (
            SELECT FROM recon_file AS one
            WHERE one.business_date = day.business_date AND one.matched_at IS NULL
        )
        AND NOT EXISTS (
            SELECT FROM recon_item AS item
            WHERE item.business_date = day.business_date AND item.answer IS NULL
        ) AS is_reconciled
    FROM recon_due AS due
    LEFT JOIN recon_file AS file
        ON
            due.source = file.source
            AND file.business_date = day.business_date
            AND due.merchant_id IS NOT DISTINCT FROM file.merchant_id
            AND due.issuer_id IS NOT DISTINCT FROM file.issuer_id
    WHERE due.since <= day.business_date AND coalesce(due.until, 'infinity') >= day.business_date
) AS told ON true;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON recon_due, recon_file, recon_line, recon_match, recon_item TO posswitch_auditor;
GRANT SELECT ON recon_due, recon_file, recon_line, recon_match, recon_item TO posswitch_office;
GRANT INSERT (source, merchant_id, issuer_id, since, until, said_by)
ON recon_due TO posswitch_office;
GRANT UPDATE (since, until, said_by) ON recon_due TO posswitch_office;
GRANT INSERT (
    source, layout, merchant_id, issuer_id, business_date, unit, sha256, lines, sent_by, sent_at
) ON recon_file TO posswitch_office;
GRANT UPDATE (matched_at, matched) ON recon_file TO posswitch_office;
GRANT INSERT ON recon_line, recon_match TO posswitch_office;
GRANT INSERT (
    business_date, source, difference, file_id, line, merchant_id, issuer_id, rrn, terminal_id,
    batch, trace, unit, shard, number, ours_minor, theirs_minor, suggested, score, opened_at
) ON recon_item TO posswitch_office;
GRANT UPDATE (
    owner, answer, answered_by, answered_at, with_item, mended_shard, mended_number, note
) ON recon_item TO posswitch_office;
GRANT SELECT (shard, journal_id, reference) ON advice TO posswitch_office;
GRANT SELECT (business_date, merchant_id, unit, debit_minor, credit_minor)
ON position TO posswitch_office;
GRANT SELECT (id, source, merchant_id, issuer_id, since, until, said_by)
ON recon_due TO posswitch_reader;
GRANT SELECT (
    id, source, layout, merchant_id, issuer_id, business_date, unit, sha256, lines, sent_by,
    sent_at, matched_at, matched
) ON recon_file TO posswitch_reader;
GRANT SELECT (
    file_id, line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor
) ON recon_line TO posswitch_reader;
GRANT SELECT (
    file_id, line, rrn, unit, shard, number, found_by, score
) ON recon_match TO posswitch_reader;
GRANT SELECT (
    id, business_date, source, difference, file_id, line, merchant_id, issuer_id, rrn,
    terminal_id, batch, trace, unit, shard, number, ours_minor, theirs_minor, suggested, score,
    opened_at, owner, answer, answered_by, answered_at, with_item, mended_shard, mended_number,
    note
) ON recon_item TO posswitch_reader;
