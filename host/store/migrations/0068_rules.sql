-- The house's own rules: limits, acceptance, packs of them, and what was used and told of each.

-- A pack is rules of a law or a scheme, in force for who has switched it on.
CREATE TABLE rule_pack (
    code text NOT NULL CHECK (code ~ '^[A-Z][A-Z0-9-]{1,31}$'),
    name text NOT NULL CHECK (name <> ''),
    meaning text NOT NULL,
    CONSTRAINT rule_pack_once PRIMARY KEY (code)
);
CREATE TABLE rule_pack_use (
    pack text NOT NULL REFERENCES rule_pack,
    issuer_id smallint NOT NULL REFERENCES issuer,
    used_from date NOT NULL,
    used_to date,
    CONSTRAINT rule_pack_use_once PRIMARY KEY (pack, issuer_id, used_from),
    CONSTRAINT rule_pack_use_days CHECK (used_from <= used_to)
);
CREATE INDEX rule_pack_use_of ON rule_pack_use (issuer_id, pack, used_from);

-- A version of a rule. One that says nothing of a place, a card or a kind is about all of them.
CREATE TABLE rule (
    id integer NOT NULL CHECK (id > 0),
    version smallint NOT NULL CHECK (version > 0),
    name text NOT NULL CHECK (name <> ''),
    state text NOT NULL DEFAULT 'draft',
    pack text REFERENCES rule_pack,
    issuer_id smallint REFERENCES issuer,
    merchant_id integer REFERENCES merchant,
    says text NOT NULL,
    priority smallint NOT NULL DEFAULT 0,
    amount_minor bigint NOT NULL DEFAULT 0 CHECK (amount_minor >= 0),
    unit text NOT NULL DEFAULT '',
    times integer NOT NULL DEFAULT 0 CHECK (times >= 0),
    period text NOT NULL DEFAULT 'transaction',
    counted_by text NOT NULL DEFAULT 'card',
    kinds text [] NOT NULL DEFAULT '{}',
    products integer [] NOT NULL DEFAULT '{}',
    cards bigint [] NOT NULL DEFAULT '{}',
    members bigint [] NOT NULL DEFAULT '{}',
    merchants integer [] NOT NULL DEFAULT '{}',
    stores integer [] NOT NULL DEFAULT '{}',
    terminals text [] NOT NULL DEFAULT '{}',
    categories text [] NOT NULL DEFAULT '{}',
    regions text [] NOT NULL DEFAULT '{}',
    channels text [] NOT NULL DEFAULT '{}',
    goods text [] NOT NULL DEFAULT '{}',
    is_registered boolean,
    weekdays smallint [] NOT NULL DEFAULT '{}',
    time_from text NOT NULL DEFAULT '',
    time_until text NOT NULL DEFAULT '',
    -- Business dates, the last one included.
    valid_from date,
    valid_to date,
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL,
    -- The past date it was tried on since it was last changed, and what would have been another.
    tried_on date,
    tried jsonb,
    activated_by text,
    activated_at timestamptz,
    retired_by text,
    retired_at timestamptz,
    CONSTRAINT rule_once PRIMARY KEY (id, version),
    CONSTRAINT rule_state CHECK (state IN ('draft', 'active', 'retired')),
    CONSTRAINT rule_of_one CHECK (num_nonnulls(pack, issuer_id, merchant_id) <= 1),
    CONSTRAINT rule_says CHECK (
        says IN ('amount_max', 'count_max', 'amount_min', 'balance_max', 'deny', 'only', 'allow')
    ),
    CONSTRAINT rule_period CHECK (period IN ('transaction', 'day', 'month', 'life')),
    CONSTRAINT rule_counted_by CHECK (
        counted_by IN ('card', 'member', 'product', 'terminal', 'store', 'merchant', 'category')
    ),
    CONSTRAINT rule_measured CHECK (
        CASE says
            WHEN 'count_max' THEN times > 0 AND amount_minor = 0 AND period <> 'transaction'
            WHEN 'amount_max' THEN amount_minor > 0 AND unit <> '' AND times = 0
            WHEN 'amount_min' THEN amount_minor > 0 AND unit <> '' AND times = 0
            WHEN 'balance_max' THEN amount_minor > 0 AND unit <> '' AND times = 0
            ELSE amount_minor = 0 AND times = 0
        END
    ),
    CONSTRAINT rule_in_time CHECK (period = 'transaction' OR says IN ('amount_max', 'count_max')),
    CONSTRAINT rule_of_a_place CHECK (
        says NOT IN ('only', 'allow')
        OR cardinality(merchants) + cardinality(stores) + cardinality(terminals)
        + cardinality(categories) + cardinality(regions) + cardinality(channels)
        + cardinality(goods) > 0
    ),
    CONSTRAINT rule_days CHECK (valid_from <= valid_to),
    CONSTRAINT rule_weekdays CHECK (weekdays <@ '{1,2,3,4,5,6,7}'::smallint []),
    CONSTRAINT rule_time CHECK (
        time_from ~ '^(([01][0-9]|2[0-3])[0-5][0-9])?$'
        AND time_until ~ '^(([01][0-9]|2[0-3])[0-5][0-9])?$'
    ),
    CONSTRAINT rule_activated CHECK (
        state = 'draft' OR pack IS NOT NULL
        OR (activated_by IS NOT NULL AND activated_by <> made_by)
    )
);
CREATE UNIQUE INDEX rule_one_draft ON rule (id) WHERE state = 'draft';
CREATE INDEX rule_by_state ON rule (state, id, version);
CREATE INDEX rule_by_issuer ON rule (issuer_id, id, version);
CREATE INDEX rule_by_merchant ON rule (merchant_id, id, version);
CREATE INDEX rule_by_pack ON rule (pack, id, version);
CREATE INDEX rule_by_says ON rule (says, id, version);

-- What was used of a limit in the newest period that it was used in.
CREATE TABLE usage_counter (
    shard smallint NOT NULL,
    counter text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    used_by text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    period_from date NOT NULL,
    times bigint NOT NULL DEFAULT 0,
    amount_minor bigint NOT NULL DEFAULT 0,
    CONSTRAINT usage_counter_once PRIMARY KEY (shard, counter, period, used_by, subject),
    CONSTRAINT usage_counter_not_negative CHECK (times >= 0 AND amount_minor >= 0)
) WITH (fillfactor = 60);

-- Which rule decided an exchange, or counted it: nothing is ever changed here.
CREATE TABLE rule_told (
    shard smallint NOT NULL,
    exchange_id bigint NOT NULL,
    rule_id integer NOT NULL,
    rule_version smallint NOT NULL,
    outcome text NOT NULL,
    period text NOT NULL,
    used_by text NOT NULL,
    subject text NOT NULL,
    period_from date NOT NULL,
    times bigint NOT NULL,
    amount_minor bigint NOT NULL,
    had_times bigint NOT NULL,
    had_minor bigint NOT NULL,
    asked_minor bigint NOT NULL,
    goods text NOT NULL,
    CONSTRAINT rule_told_once PRIMARY KEY (shard, exchange_id, rule_id),
    CONSTRAINT rule_told_outcome CHECK (
        CASE outcome
            WHEN 'denied' THEN times = 0 AND amount_minor = 0
            WHEN 'counted' THEN times >= 0 AND amount_minor >= 0
            WHEN 'gave_back' THEN times <= 0 AND amount_minor <= 0
            ELSE false
        END
    )
);

-- A pack is data: in force for nobody before somebody switches it on.
INSERT INTO rule_pack (code, name, meaning)
VALUES (
    'CN-PREPAID',
    '单用途预付卡 · single-purpose prepaid cards, China',
    '记名卡余额不超过5,000元, 不记名卡不超过1,000元 · '
    'a registered card holds 5,000.00 CNY at most, an anonymous one 1,000.00 CNY'
);
INSERT INTO rule (
    id, version, name, state, pack, says, amount_minor, unit, is_registered, made_by, made_at
)
VALUES
(
    1, 1, '记名卡限额 · registered card', 'active', 'CN-PREPAID', 'balance_max', 500000, 'CNY',
    true, 'posswitch', now()
),
(
    2, 1, '不记名卡限额 · anonymous card', 'active', 'CN-PREPAID', 'balance_max', 100000, 'CNY',
    false, 'posswitch', now()
);

ALTER TABLE estate_change
DROP CONSTRAINT estate_change_relation,
ADD CONSTRAINT estate_change_relation CHECK (
    relation IN (
        'issuer', 'merchant', 'terminal', 'card_batch', 'card_batch_part', 'member', 'alliance',
        'rule'
    )
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (trade, city) ON merchant TO posswitch_poster;
GRANT SELECT (
    id, version, name, state, pack, issuer_id, merchant_id, says, priority, amount_minor, unit,
    times, period, counted_by, kinds, products, cards, members, merchants, stores, terminals,
    categories, regions, channels, goods, is_registered, weekdays, time_from, time_until,
    valid_from, valid_to
) ON rule TO posswitch_poster;
GRANT SELECT ON rule_pack_use TO posswitch_poster;
GRANT SELECT, INSERT ON rule_told, usage_counter TO posswitch_poster;
GRANT UPDATE (period_from, times, amount_minor) ON usage_counter TO posswitch_poster;
GRANT SELECT (code, name, meaning) ON rule_pack TO posswitch_reader;
GRANT SELECT (pack, issuer_id, used_from, used_to) ON rule_pack_use TO posswitch_reader;
GRANT SELECT (
    id, version, name, state, pack, issuer_id, merchant_id, says, priority, amount_minor, unit,
    times, period, counted_by, kinds, products, cards, members, merchants, stores, terminals,
    categories, regions, channels, goods, is_registered, weekdays, time_from, time_until,
    valid_from, valid_to, made_by, made_at, tried_on, tried, activated_by, activated_at,
    retired_by, retired_at
) ON rule TO posswitch_reader;
GRANT SELECT (
    shard, counter, period, used_by, subject, period_from, times, amount_minor
) ON usage_counter TO posswitch_reader;
GRANT SELECT (
    shard, exchange_id, rule_id, rule_version, outcome, period, used_by, subject, period_from,
    times, amount_minor, had_times, had_minor, asked_minor, goods
) ON rule_told TO posswitch_reader;
