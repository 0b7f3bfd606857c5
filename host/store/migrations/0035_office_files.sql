-- Files that go in and out of the office, sealed under the LMK; and everything that was let out.

CREATE SEQUENCE office_file_number;
CREATE TABLE office_file (
    id bigint NOT NULL DEFAULT nextval('office_file_number'),
    kind text NOT NULL,
    name text NOT NULL,
    -- Whose it is: nobody else takes it.
    person_id bigint NOT NULL REFERENCES person,
    issuer_id smallint,
    merchant_id integer,
    store_id integer,
    state text NOT NULL,
    bytes integer NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    sha256 bytea,
    -- The workbook's, under the LMK, until it is made.
    password_sealed bytea,
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT office_file_once PRIMARY KEY (id),
    CONSTRAINT office_file_kind CHECK (kind IN ('import', 'export')),
    CONSTRAINT office_file_state CHECK (state IN ('making', 'ready', 'gone')),
    CONSTRAINT office_file_made CHECK (state <> 'ready' OR sha256 IS NOT NULL),
    CONSTRAINT office_file_password CHECK (state = 'making' OR password_sealed IS NULL)
);
CREATE INDEX office_file_ending ON office_file (expires_at) WHERE state <> 'gone';

CREATE TABLE office_file_piece (
    file_id bigint NOT NULL REFERENCES office_file,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT office_file_piece_once PRIMARY KEY (file_id, number)
);

-- Who was shown what: a line is never changed but by how often its file was taken.
CREATE SEQUENCE disclosure_number;
CREATE TABLE disclosure (
    id bigint NOT NULL DEFAULT nextval('disclosure_number'),
    at timestamptz NOT NULL,
    kind text NOT NULL,
    person_id bigint NOT NULL REFERENCES person,
    subject_kind text NOT NULL,
    subject_key text NOT NULL,
    issuer_id smallint,
    merchant_id integer,
    store_id integer,
    member_id bigint,
    what text NOT NULL,
    values_shown integer NOT NULL DEFAULT 1 CHECK (values_shown >= 0),
    has_secrets boolean NOT NULL,
    recipient text NOT NULL DEFAULT '',
    purpose text NOT NULL,
    -- Whose one-time code released it.
    released_by text NOT NULL DEFAULT '',
    file_id bigint REFERENCES office_file,
    downloads smallint NOT NULL DEFAULT 0,
    downloaded_at timestamptz,
    CONSTRAINT disclosure_once PRIMARY KEY (id),
    CONSTRAINT disclosure_kind CHECK (kind IN ('export', 'reveal', 'unmask')),
    CONSTRAINT disclosure_file CHECK ((kind = 'export') = (file_id IS NOT NULL)),
    CONSTRAINT disclosure_taken_once CHECK (
        downloads IN (0, 1) AND (downloads = 0) = (downloaded_at IS NULL)
    )
);
CREATE INDEX disclosure_by_kind ON disclosure (kind, id);
CREATE INDEX disclosure_by_secrets ON disclosure (has_secrets, id);
CREATE INDEX disclosure_by_person ON disclosure (person_id, id);
CREATE INDEX disclosure_of_day ON disclosure (person_id, kind, at);
CREATE INDEX disclosure_by_subject ON disclosure (subject_key, id);
CREATE INDEX disclosure_by_subject_kind ON disclosure (subject_kind, id);
CREATE INDEX disclosure_of_file ON disclosure (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX disclosure_by_issuer ON disclosure (issuer_id, id);
CREATE INDEX disclosure_by_merchant ON disclosure (merchant_id, id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT USAGE ON SEQUENCE office_file_number, disclosure_number TO posswitch_office;
GRANT SELECT ON office_file, office_file_piece, disclosure TO posswitch_office;
GRANT INSERT (
    kind, name, person_id, issuer_id, merchant_id, store_id, state, bytes, sha256,
    password_sealed, made_at, expires_at
) ON office_file TO posswitch_office;
GRANT UPDATE (state, bytes, sha256, password_sealed, expires_at) ON office_file
TO posswitch_office;
GRANT INSERT, DELETE ON office_file_piece TO posswitch_office;
GRANT INSERT (
    at, kind, person_id, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id,
    what, values_shown, has_secrets, recipient, purpose, released_by, file_id
) ON disclosure TO posswitch_office;
GRANT UPDATE (values_shown, downloads, downloaded_at) ON disclosure TO posswitch_office;

GRANT SELECT (
    id, kind, name, person_id, issuer_id, merchant_id, store_id, state, bytes, sha256, made_at,
    expires_at
) ON office_file TO posswitch_reader;
GRANT SELECT (file_id, number) ON office_file_piece TO posswitch_reader;
GRANT SELECT (
    id, at, kind, person_id, subject_kind, subject_key, issuer_id, merchant_id, store_id,
    member_id, what, values_shown, has_secrets, recipient, purpose, released_by, file_id,
    downloads, downloaded_at
) ON disclosure TO posswitch_reader;
