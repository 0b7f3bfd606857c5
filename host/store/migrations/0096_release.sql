-- Who took each step of a night, and who else released what it left.
ALTER TABLE clearing_step ADD COLUMN taken_by text NOT NULL DEFAULT '';

-- Files of a date are handed out once this row is there: somebody who took no step of its night has
-- said how much is paid.
CREATE TABLE clearing_release (
    business_date date NOT NULL
    CONSTRAINT release_once PRIMARY KEY
    CONSTRAINT release_of_run REFERENCES clearing_run,
    released_by text NOT NULL CONSTRAINT release_by_somebody CHECK (released_by <> ''),
    released_at timestamptz NOT NULL,
    payable_minor bigint NOT NULL CONSTRAINT release_payable CHECK (payable_minor >= 0),
    unit text NOT NULL,
    files_digest bytea CONSTRAINT release_files CHECK (length(files_digest) = 32),
    taken_by text [] NOT NULL,
    CONSTRAINT release_by_another CHECK (released_by <> all(taken_by))
);

-- What issuers owe merchants of a date, each merchant and issuer netted: what is paid, before fees.
CREATE VIEW clearing_payable AS
SELECT
    owed.business_date,
    owed.unit,
    sum(greatest(owed.net_minor, 0))::bigint AS payable_minor
FROM (
    SELECT
        position.business_date,
        position.unit,
        sum(position.credit_minor - position.debit_minor) AS net_minor
    FROM position
    WHERE position.chart <> 'merchant_fees'
    GROUP BY
        position.business_date, position.merchant_id, position.issuer_id, position.unit
) AS owed
GROUP BY owed.business_date, owed.unit;

-- Where a date stands, by what there is of it: see host.rules.day_states.
CREATE VIEW day_state AS
SELECT
    day.business_date,
    CASE
        WHEN day.state = 'open' THEN 'open'
        WHEN release.business_date IS NOT NULL THEN 'released'
        WHEN 'checkpoint' = any(night.steps) THEN 'files_out'
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
) AS night ON true;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (taken_by) ON clearing_step TO posswitch_reader;
GRANT SELECT ON clearing_release TO posswitch_auditor;
GRANT SELECT, INSERT ON clearing_release TO posswitch_office;
GRANT SELECT (
    business_date, released_by, released_at, payable_minor, unit, files_digest, taken_by
) ON clearing_release TO posswitch_reader;
GRANT SELECT ON clearing_payable, day_state TO posswitch_office, posswitch_auditor;
GRANT SELECT (business_date, unit, payable_minor) ON clearing_payable TO posswitch_reader;
GRANT SELECT (
    business_date, state, steps, taken_by, files_digest, released_by, released_at
) ON day_state TO posswitch_reader;
GRANT SELECT ON business_day TO posswitch_office;
GRANT SELECT (
    business_date, step, finished_at, detail, read_digest, left_digest, taken_by
) ON clearing_step TO posswitch_office;
GRANT SELECT (business_date, step) ON clearing_finding TO posswitch_office;
GRANT SELECT (business_date, unit, debit_minor, credit_minor) ON trial_balance TO posswitch_office;
GRANT SELECT (kind, amount_minor, unit, resolved_at) ON exception_case TO posswitch_office;
GRANT SELECT (business_date, side, items) ON clearing_file TO posswitch_office;
