-- Reports that are made by themselves, once the night has reckoned their last date, and kept; and
-- brought to a party along the way of its files.

CREATE TABLE report_schedule (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT report_schedule_numbered PRIMARY KEY,
    report text NOT NULL CONSTRAINT report_schedule_report CHECK (report <> ''),
    every text NOT NULL CONSTRAINT report_schedule_every CHECK (every IN ('day', 'month')),
    format text NOT NULL CONSTRAINT report_schedule_format
    CHECK (format IN ('text', 'html', 'json', 'csv', 'pdf', 'xlsx')),
    language text NOT NULL CONSTRAINT report_schedule_language CHECK (language IN ('en', 'zh')),
    -- None: of everybody. A store's names its merchant, too.
    merchant_id integer CONSTRAINT report_schedule_of_merchant REFERENCES merchant,
    store_id integer CONSTRAINT report_schedule_of_store REFERENCES store,
    -- Which of the merchant's ways it takes; none: it is kept until somebody takes it.
    way_form text CONSTRAINT report_schedule_way
    CHECK (way_form IN ('csv', 'fixed', 'fixed_summary', 'xlsx')),
    first_date date NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL CONSTRAINT report_schedule_set_by CHECK (set_by <> ''),
    ended_at timestamptz,
    CONSTRAINT report_schedule_once UNIQUE NULLS NOT DISTINCT (
        report, every, format, language, merchant_id, store_id, way_form, ended_at
    ),
    CONSTRAINT report_schedule_to_merchant CHECK (
        merchant_id IS NOT NULL OR (store_id IS NULL AND way_form IS NULL)
    )
);
CREATE INDEX report_schedule_by_merchant ON report_schedule (merchant_id, id);
CREATE INDEX report_schedule_by_store ON report_schedule (store_id, id);

-- What came of a schedule for the last date of a report: once, made or not.
CREATE TABLE report_made (
    schedule_id integer NOT NULL CONSTRAINT report_made_by REFERENCES report_schedule,
    business_date date NOT NULL CONSTRAINT report_made_of REFERENCES business_day,
    name text NOT NULL,
    outcome text NOT NULL CONSTRAINT report_made_outcome
    CHECK (outcome IN ('made', 'moved_nothing', 'too_much', 'no_font', 'failed')),
    rows integer NOT NULL CONSTRAINT report_made_rows CHECK (rows >= 0),
    content bytea,
    sha256 bytea CONSTRAINT report_made_sha256 CHECK (octet_length(sha256) = 32),
    made_at timestamptz NOT NULL,
    CONSTRAINT report_made_once PRIMARY KEY (schedule_id, business_date),
    CONSTRAINT report_made_whole CHECK (
        num_nonnulls(content, sha256) = CASE WHEN outcome = 'made' THEN 2 ELSE 0 END
    )
);

-- A delivery is of a file of the night, or of a report.
ALTER TABLE delivery
ADD COLUMN schedule_id integer,
ADD COLUMN file_name text GENERATED ALWAYS AS (
    CASE WHEN schedule_id IS NULL THEN name END
) STORED,
DROP CONSTRAINT delivery_of_file,
ADD CONSTRAINT delivery_of_file FOREIGN KEY (business_date, file_name) REFERENCES clearing_file,
ADD CONSTRAINT delivery_of_report FOREIGN KEY (schedule_id, business_date) REFERENCES report_made;
CREATE INDEX delivery_by_report ON delivery (schedule_id, business_date)
WHERE schedule_id IS NOT NULL;

-- Of each party and form what was said last, where it is not over.
CREATE VIEW delivery_way_now AS
SELECT
    w.id,
    w.merchant_id,
    w.issuer_id,
    w.form
FROM delivery_way AS w
WHERE
    w.is_active
    AND NOT EXISTS (
        SELECT FROM delivery_way AS newer
        WHERE
            coalesce(newer.merchant_id, 0) = coalesce(w.merchant_id, 0)
            AND coalesce(newer.issuer_id, 0) = coalesce(w.issuer_id, 0)
            AND newer.form = w.form
            AND newer.id > w.id
    );

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON report_schedule, report_made TO posswitch_office;
GRANT SELECT (id, merchant_id, form) ON delivery_way_now TO posswitch_office;
GRANT INSERT (
    report, every, format, language, merchant_id, store_id, way_form, first_date, set_at, set_by
) ON report_schedule TO posswitch_office;
GRANT UPDATE (ended_at) ON report_schedule TO posswitch_office;
GRANT INSERT ON report_made TO posswitch_office;
GRANT INSERT (
    business_date, name, way_id, state, attempts, next_at, last_error, queued_at, schedule_id
) ON delivery TO posswitch_office;
GRANT SELECT (schedule_id, business_date, rows, content, sha256) ON report_made
TO posswitch_night;
GRANT SELECT (id, merchant_id, issuer_id) ON delivery_way_now TO posswitch_night;
REVOKE SELECT (merchant_id, issuer_id, is_active) ON delivery_way FROM posswitch_night;
GRANT SELECT ON report_schedule, report_made, delivery_way_now TO posswitch_auditor;
GRANT SELECT (id, merchant_id, issuer_id, form) ON delivery_way_now TO posswitch_reader;
GRANT SELECT (schedule_id, file_name) ON delivery TO posswitch_reader;
GRANT SELECT (
    id, report, every, format, language, merchant_id, store_id, way_form, first_date, set_at,
    set_by, ended_at
) ON report_schedule TO posswitch_reader;
GRANT SELECT (schedule_id, business_date, name, outcome, rows, content, sha256, made_at)
ON report_made TO posswitch_reader;
