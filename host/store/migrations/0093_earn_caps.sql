-- An earn rule caps what a card earns by it in a day and in a month.

ALTER TABLE earn_rule
ADD COLUMN points_max_day bigint CONSTRAINT earn_rule_day CHECK (points_max_day >= 0),
ADD COLUMN points_max_month bigint CONSTRAINT earn_rule_month CHECK (points_max_month >= 0);

-- What a journal counted of a cap of its unit's programme, or gave back (negative): in which time,
-- what had been counted before it, and what it would have earned without caps of a time.
CREATE TABLE earn_counted (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    unit text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    period_from date NOT NULL,
    rule text COLLATE "C" NOT NULL,
    since date NOT NULL,
    points bigint NOT NULL,
    had_points bigint NOT NULL,
    asked_points bigint NOT NULL,
    CONSTRAINT earn_counted_once PRIMARY KEY (shard, journal_id, unit, period),
    CONSTRAINT earn_counted_period CHECK (period IN ('day', 'month'))
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (points_max_day, points_max_month) ON earn_rule TO posswitch_poster, posswitch_reader;
GRANT UPDATE (points_max_day, points_max_month) ON earn_rule TO posswitch_office;
GRANT SELECT, INSERT ON earn_counted TO posswitch_poster;
GRANT SELECT (
    shard, journal_id, unit, period, period_from, rule, since, points, had_points, asked_points
) ON earn_counted TO posswitch_reader;
