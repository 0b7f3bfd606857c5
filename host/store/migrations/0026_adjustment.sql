-- What people adjust by hand: why, and which transaction it mends. Its legs say how much and whose.
CREATE TABLE adjustment (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    why text NOT NULL
    CONSTRAINT adjustment_why CHECK (why IN ('goodwill', 'error', 'chargeback', 'test')),
    about_rrn text,
    CONSTRAINT adjustment_once PRIMARY KEY (shard, journal_id)
);

GRANT SELECT, INSERT ON adjustment TO posswitch_poster;
GRANT SELECT (shard, journal_id, why, about_rrn) ON adjustment TO posswitch_reader;
