-- Lotteries: what is frozen, what is drawn, and where the list of draws ends.

CREATE SEQUENCE lottery_number;
CREATE TABLE lottery (
    id integer NOT NULL DEFAULT nextval('lottery_number'),
    code text NOT NULL,
    name text NOT NULL,
    -- Whose it is, and who gives its prizes: one of three.
    issuer_id smallint,
    merchant_id integer,
    alliance_id smallint,
    unit text NOT NULL,
    cost_points bigint NOT NULL,
    threshold_points bigint NOT NULL,
    cap integer NOT NULL,
    opens_on date NOT NULL,
    closes_on date NOT NULL,
    state text NOT NULL DEFAULT 'draft',
    author_words text NOT NULL DEFAULT '',
    freezer_words text NOT NULL DEFAULT '',
    -- The house's part of the seed, under the LMK, from the freezing on.
    seed_sealed bytea,
    commitment bytea,
    -- The same part, once it is told to everybody; with how long the list was, and its last link.
    seed_told bytea,
    told_lines bigint,
    told_link bytea,
    made_by bigint NOT NULL REFERENCES person,
    made_at timestamptz NOT NULL,
    frozen_by bigint REFERENCES person,
    frozen_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT lottery_once PRIMARY KEY (id),
    CONSTRAINT lottery_code UNIQUE (code),
    CONSTRAINT lottery_owner CHECK (num_nonnulls(issuer_id, merchant_id, alliance_id) = 1),
    CONSTRAINT lottery_cost CHECK (cost_points > 0 AND threshold_points >= 0 AND cap >= 0),
    CONSTRAINT lottery_days CHECK (opens_on <= closes_on),
    CONSTRAINT lottery_state CHECK (
        state IN ('draft', 'frozen', 'open', 'closed', 'revealed', 'posted', 'cancelled')
    ),
    CONSTRAINT lottery_frozen CHECK (
        num_nonnulls(seed_sealed, commitment, frozen_by, frozen_at) IN (0, 4)
        AND (state IN ('draft', 'cancelled') OR frozen_at IS NOT NULL)
    ),
    CONSTRAINT lottery_frozen_by_another CHECK (frozen_by <> made_by),
    CONSTRAINT lottery_told CHECK (
        num_nonnulls(seed_told, told_lines, told_link) IN (0, 3)
        AND (state IN ('revealed', 'posted')) = (seed_told IS NOT NULL)
    )
);
CREATE INDEX lottery_by_issuer ON lottery (issuer_id, opens_on, id);
CREATE INDEX lottery_by_merchant ON lottery (merchant_id, opens_on, id);
CREATE INDEX lottery_by_alliance ON lottery (alliance_id, opens_on, id);
CREATE INDEX lottery_by_state ON lottery (state, opens_on, id);
CREATE INDEX lottery_by_opening ON lottery (opens_on, id);

CREATE TABLE prize (
    lottery_id integer NOT NULL REFERENCES lottery,
    place smallint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL,
    -- Of 1,000,000.
    parts integer NOT NULL,
    stock bigint,
    CONSTRAINT prize_once PRIMARY KEY (lottery_id, place),
    CONSTRAINT prize_code UNIQUE (lottery_id, code),
    CONSTRAINT prize_place CHECK (place > 0),
    CONSTRAINT prize_parts CHECK (parts BETWEEN 0 AND 1000000),
    CONSTRAINT prize_kind CHECK (kind IN ('points', 'value', 'goods', 'voucher', 'nothing')),
    CONSTRAINT prize_amount CHECK ((kind IN ('points', 'value')) = (amount > 0) AND amount >= 0),
    CONSTRAINT prize_end CHECK ((kind = 'nothing') = (stock IS NULL) AND stock >= 0)
);

-- Where its list ends: whoever draws holds this row until that is committed, and so all of the
-- rows below of the same lottery; the office does to end the drawing.
CREATE TABLE lottery_list (
    lottery_id integer NOT NULL,
    lines bigint NOT NULL DEFAULT 0,
    link bytea NOT NULL,
    held_at timestamptz,
    CONSTRAINT lottery_list_once PRIMARY KEY (lottery_id),
    CONSTRAINT lottery_list_lines CHECK (lines >= 0)
);

-- How many of each prize are given out.
CREATE TABLE prize_stock (
    lottery_id integer NOT NULL,
    place smallint NOT NULL,
    stock bigint,
    taken bigint NOT NULL DEFAULT 0,
    CONSTRAINT prize_stock_once PRIMARY KEY (lottery_id, place),
    CONSTRAINT prize_stock_not_overdrawn CHECK (taken >= 0 AND (stock IS NULL OR taken <= stock))
);

-- How often who has drawn, without what was undone. Of a card that is nobody's the member is 0.
CREATE TABLE lottery_entrant (
    lottery_id integer NOT NULL,
    card_id bigint NOT NULL,
    member_id bigint NOT NULL,
    draws integer NOT NULL,
    CONSTRAINT lottery_entrant_once PRIMARY KEY (lottery_id, card_id, member_id)
);
CREATE INDEX lottery_entrant_of_member ON lottery_entrant (lottery_id, member_id);

-- The list: draws, and what undid them.
CREATE TABLE draw (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    lottery_id integer NOT NULL,
    seq bigint NOT NULL,
    act text NOT NULL,
    -- The draw it is about: its own place, where it is one.
    of_seq bigint NOT NULL,
    hit smallint NOT NULL,
    place smallint NOT NULL,
    card_id bigint NOT NULL,
    member_id bigint NOT NULL,
    link bytea NOT NULL,
    CONSTRAINT draw_once PRIMARY KEY (shard, journal_id),
    CONSTRAINT draw_act CHECK (act IN ('draw', 'undone', 'again')),
    CONSTRAINT draw_seq CHECK (seq > 0 AND of_seq > 0 AND (act = 'draw') = (of_seq = seq))
);
CREATE INDEX draw_in_order ON draw (lottery_id, seq);

-- Goods and vouchers that were won, once they are handed out.
CREATE TABLE prize_paid (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    lottery_id integer NOT NULL,
    seq bigint NOT NULL,
    note text NOT NULL,
    paid_by bigint NOT NULL REFERENCES person,
    paid_at timestamptz NOT NULL,
    CONSTRAINT prize_paid_once PRIMARY KEY (shard, journal_id)
);
CREATE INDEX prize_paid_of ON prize_paid (lottery_id, seq);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (
    id, code, name, issuer_id, merchant_id, alliance_id, unit, cost_points, threshold_points, cap,
    opens_on, closes_on, state, author_words, freezer_words, seed_sealed, commitment
) ON lottery TO posswitch_poster;
GRANT SELECT (id, code) ON alliance TO posswitch_poster;
GRANT SELECT ON prize, lottery_entrant, draw TO posswitch_poster;
GRANT SELECT (lottery_id, place, taken) ON prize_stock TO posswitch_poster;
GRANT SELECT (lottery_id, lines, link) ON lottery_list TO posswitch_poster;
GRANT SELECT (shard, journal_id) ON prize_paid TO posswitch_poster;
GRANT UPDATE (lines, link) ON lottery_list TO posswitch_poster;
GRANT UPDATE (taken) ON prize_stock TO posswitch_poster;
GRANT UPDATE (draws) ON lottery_entrant TO posswitch_poster;
GRANT INSERT ON lottery_entrant, draw TO posswitch_poster;

GRANT SELECT (
    id, code, name, issuer_id, merchant_id, alliance_id, unit, cost_points, threshold_points, cap,
    opens_on, closes_on, state, author_words, freezer_words, commitment, seed_told, told_lines,
    told_link, made_by, made_at, frozen_by, frozen_at, ended_at
) ON lottery TO posswitch_reader;
GRANT SELECT (lottery_id, place, code, name, kind, amount, parts, stock)
ON prize TO posswitch_reader;
GRANT SELECT (lottery_id, lines, link, held_at) ON lottery_list TO posswitch_reader;
GRANT SELECT (lottery_id, place, stock, taken) ON prize_stock TO posswitch_reader;
GRANT SELECT (lottery_id, card_id, member_id, draws) ON lottery_entrant TO posswitch_reader;
GRANT SELECT (
    shard, journal_id, lottery_id, seq, act, of_seq, hit, place, card_id, member_id, link
) ON draw TO posswitch_reader;
GRANT SELECT (shard, journal_id, lottery_id, seq, note, paid_by, paid_at)
ON prize_paid TO posswitch_reader;
