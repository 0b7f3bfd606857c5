-- Earn rules: dated rows of a programme, of which the first that applies to a sale decides.

-- A rule stands as its latest row says that has begun, until that row's last day. What it does not
-- name is any: arrays are empty then. It gives so many times what all sales earn, and a bonus.
CREATE TABLE earn_rule (
    programme text NOT NULL CONSTRAINT earn_rule_of_programme REFERENCES programme (code),
    code text NOT NULL CHECK (code <> ''),
    since date NOT NULL,
    until date,
    name text NOT NULL CHECK (name <> ''),
    priority smallint NOT NULL DEFAULT 100 CHECK (priority >= 0),
    merchants integer [] NOT NULL DEFAULT '{}',
    stores integer [] NOT NULL DEFAULT '{}',
    categories text [] NOT NULL DEFAULT '{}',
    goods text [] NOT NULL DEFAULT '{}',
    products integer [] NOT NULL DEFAULT '{}',
    weekdays smallint [] NOT NULL DEFAULT '{}',
    time_from text NOT NULL DEFAULT '',
    time_until text NOT NULL DEFAULT '',
    amount_min_minor bigint NOT NULL DEFAULT 0 CHECK (amount_min_minor >= 0),
    amount_max_minor bigint,
    times integer NOT NULL DEFAULT 1,
    per integer NOT NULL DEFAULT 1,
    bonus bigint NOT NULL DEFAULT 0,
    points_max bigint CHECK (points_max >= 0),
    CONSTRAINT earn_rule_once PRIMARY KEY (programme, code, since),
    CONSTRAINT earn_rule_days CHECK (since <= until),
    CONSTRAINT earn_rule_amounts CHECK (amount_min_minor <= amount_max_minor),
    CONSTRAINT earn_rule_gives CHECK (
        times BETWEEN 0 AND 1000 AND per BETWEEN 1 AND 1000 AND bonus BETWEEN 0 AND 1000000
    ),
    CONSTRAINT earn_rule_weekdays CHECK (weekdays <@ '{1,2,3,4,5,6,7}'::smallint []),
    CONSTRAINT earn_rule_time CHECK (
        time_from ~ '^(([01][0-9]|2[0-3])[0-5][0-9])?$'
        AND time_until ~ '^(([01][0-9]|2[0-3])[0-5][0-9])?$'
    )
);

-- Which row decided what a sale earned in a unit, where one did: all others earned as all do.
CREATE TABLE earned_by (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    unit text COLLATE "C" NOT NULL,
    rule text NOT NULL,
    since date NOT NULL,
    points bigint NOT NULL CONSTRAINT earned_not_negative CHECK (points >= 0),
    CONSTRAINT earned_by_once PRIMARY KEY (shard, journal_id, unit)
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (
    programme, code, since, until, priority, merchants, stores, categories, goods, products,
    weekdays, time_from, time_until, amount_min_minor, amount_max_minor, times, per, bonus,
    points_max
) ON earn_rule TO posswitch_poster;
GRANT SELECT, INSERT ON earned_by TO posswitch_poster;
GRANT SELECT, INSERT ON earn_rule TO posswitch_office;
GRANT UPDATE (
    until, name, priority, merchants, stores, categories, goods, products, weekdays, time_from,
    time_until, amount_min_minor, amount_max_minor, times, per, bonus, points_max
) ON earn_rule TO posswitch_office;
GRANT SELECT (
    programme, code, since, until, name, priority, merchants, stores, categories, goods, products,
    weekdays, time_from, time_until, amount_min_minor, amount_max_minor, times, per, bonus,
    points_max
) ON earn_rule TO posswitch_reader;
GRANT SELECT (shard, journal_id, unit, rule, since, points) ON earned_by TO posswitch_reader;
