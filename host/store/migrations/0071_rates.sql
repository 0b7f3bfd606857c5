-- Points of one programme become points of another at a dated rate.

-- So many of the other for so many of the first, from a moment on; what was once in force stays.
CREATE TABLE rate (
    id integer CONSTRAINT rate_numbered PRIMARY KEY,
    from_programme text NOT NULL CONSTRAINT rate_from REFERENCES programme (code),
    to_programme text NOT NULL CONSTRAINT rate_to REFERENCES programme (code),
    since timestamptz NOT NULL,
    times integer NOT NULL CHECK (times > 0),
    per integer NOT NULL CHECK (per > 0),
    points_min bigint NOT NULL DEFAULT 1 CHECK (points_min > 0),
    made_by text NOT NULL CHECK (made_by <> ''),
    CONSTRAINT rate_once UNIQUE (from_programme, to_programme, since),
    CONSTRAINT rate_of_two CHECK (from_programme <> to_programme)
);

-- The rate that a conversion was posted at.
CREATE TABLE conversion (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    rate_id integer NOT NULL,
    CONSTRAINT conversion_once PRIMARY KEY (shard, journal_id)
);

-- Through these accounts, one of each issuer and unit, both legs of a conversion go.
INSERT INTO account (id, chart, unit, issuer_id, merchant_id)
SELECT
    nextval('account_number'),
    'conversion',
    account.unit,
    account.issuer_id,
    NULL
FROM account
WHERE account.chart = 'points_issued'
ORDER BY account.id;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON conversion TO posswitch_poster;
GRANT SELECT, INSERT ON rate TO posswitch_office;
GRANT SELECT (
    id, from_programme, to_programme, since, times, per, points_min, made_by
) ON rate TO posswitch_reader;
GRANT SELECT (shard, journal_id, rate_id) ON conversion TO posswitch_reader;
GRANT SELECT (shard, journal_id, unit, rule) ON earned_by TO posswitch_office;
GRANT SELECT (
    shard, account_id, id, earned_on, expires_on, available_from, points, remaining
) ON lot TO posswitch_office;
GRANT SELECT (kind) ON journal TO posswitch_office;
