-- What stands where on sheets of vouchers, as people of an issuer have designed it, in versions:
-- what was printed stays known.

CREATE TABLE sheet (
    id integer CONSTRAINT sheet_once PRIMARY KEY,
    issuer_id smallint NOT NULL REFERENCES issuer,
    name text NOT NULL CHECK (name <> ''),
    version smallint NOT NULL CHECK (version > 0),
    state text NOT NULL DEFAULT 'active'
    CONSTRAINT sheet_state CHECK (state IN ('active', 'withdrawn')),
    CONSTRAINT sheet_named UNIQUE (issuer_id, name)
);

-- Millimetres from the upper left corner of a voucher, of each of its eight parts in the order of
-- host.model.sheets.PARTS; a part of size 0 is not printed.
CREATE TABLE sheet_version (
    sheet_id integer NOT NULL REFERENCES sheet,
    version smallint NOT NULL CHECK (version > 0),
    layout text NOT NULL CHECK (layout <> ''),
    lefts numeric(4, 1) [] NOT NULL,
    tops numeric(4, 1) [] NOT NULL,
    widths numeric(4, 1) [] NOT NULL,
    sizes numeric(4, 1) [] NOT NULL,
    text_colour text NOT NULL CHECK (text_colour ~ '^#[0-9A-Fa-f]{6}$'),
    error_level text NOT NULL CHECK (error_level IN ('L', 'M', 'Q', 'H')),
    has_cut_marks boolean NOT NULL,
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL,
    CONSTRAINT sheet_version_once PRIMARY KEY (sheet_id, version),
    CONSTRAINT sheet_version_whole CHECK (
        cardinality(lefts) = 8
        AND cardinality(tops) = 8
        AND cardinality(widths) = 8
        AND cardinality(sizes) = 8
    )
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON sheet, sheet_version TO posswitch_office;
GRANT UPDATE (name, version, state) ON sheet TO posswitch_office;
GRANT SELECT (id, issuer_id, name, version, state) ON sheet TO posswitch_reader;
GRANT SELECT (
    sheet_id, version, layout, lefts, tops, widths, sizes, text_colour, error_level,
    has_cut_marks, made_by, made_at
) ON sheet_version TO posswitch_reader;
GRANT SELECT ON sheet, sheet_version TO posswitch_auditor;
