-- What of a purse is kept for somebody: who asked for it, how much, until when, and what became of
-- it. A purse's held_minor is the sum of what its holds have left.

-- How long a pre-authorisation lasts, and how much more than it its completion may take of what is
-- free: an issuer's, unless the card's product says otherwise.
ALTER TABLE issuer
ADD COLUMN hold_days smallint NOT NULL DEFAULT 30
CONSTRAINT issuer_hold_days CHECK (hold_days BETWEEN 1 AND 366),
ADD COLUMN hold_over_percent smallint NOT NULL DEFAULT 0
CONSTRAINT issuer_hold_over CHECK (hold_over_percent BETWEEN 0 AND 100);
ALTER TABLE product_version
ADD COLUMN hold_days smallint
CONSTRAINT product_hold_days CHECK (hold_days BETWEEN 1 AND 366),
ADD COLUMN hold_over_percent smallint
CONSTRAINT product_hold_over CHECK (hold_over_percent BETWEEN 0 AND 100);

-- Numbered as the exchange that opened it. code is the end of that number, which its slip says as
-- the authorisation code. What it is for in all and what it has left change by difference.
CREATE TABLE hold (
    shard smallint NOT NULL,
    id bigint NOT NULL,
    code integer NOT NULL,
    card_id bigint NOT NULL,
    issuer_id smallint NOT NULL,
    account_id bigint NOT NULL,
    unit text NOT NULL,
    owner text NOT NULL CONSTRAINT hold_owner CHECK (owner IN ('preauth', 'gift', 'order')),
    merchant_id integer,
    terminal_id text,
    amount_minor bigint NOT NULL,
    held_minor bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CONSTRAINT hold_lasts CHECK (expires_at > opened_at),
    -- By which kind its last part was used or released; empty while something is left.
    ended_by text NOT NULL DEFAULT '',
    CONSTRAINT hold_once PRIMARY KEY (shard, id),
    CONSTRAINT hold_not_more CHECK (held_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT hold_ended CHECK ((held_minor = 0) = (ended_by <> ''))
) WITH (fillfactor = 80);
CREATE INDEX hold_of_card ON hold (shard, card_id, code, id);
CREATE INDEX hold_due ON hold (owner, expires_at, shard, id) WHERE held_minor > 0;

-- What became of it, one after another: turn counts them, so that two can never race.
CREATE TABLE hold_fact (
    shard smallint NOT NULL,
    hold_id bigint NOT NULL,
    turn smallint NOT NULL,
    journal_id bigint NOT NULL,
    fact text NOT NULL CONSTRAINT hold_fact_word CHECK (
        fact IN ('opened', 'increased', 'decreased', 'used', 'released', 'returned')
    ),
    amount_minor bigint NOT NULL CONSTRAINT hold_fact_positive CHECK (amount_minor > 0),
    CONSTRAINT hold_fact_once PRIMARY KEY (shard, hold_id, turn)
);
CREATE INDEX hold_fact_of ON hold_fact (shard, journal_id);

-- What undoes has a kind of its own for some originals.
ALTER TABLE undo
DROP CONSTRAINT undo_kind_check,
ADD CONSTRAINT undo_kind CHECK (kind ~ '^([a-z_]+_)?(void|refund|reversal)$');

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON hold, hold_fact TO posswitch_poster;
GRANT INSERT (
    shard, id, code, card_id, issuer_id, account_id, unit, owner, merchant_id, terminal_id,
    amount_minor, held_minor, opened_at, expires_at
) ON hold TO posswitch_poster;
GRANT UPDATE (amount_minor, held_minor, ended_by) ON hold TO posswitch_poster;
GRANT INSERT ON hold_fact TO posswitch_poster;
GRANT UPDATE (held_minor) ON purse TO posswitch_poster;
GRANT SELECT (hold_days, hold_over_percent) ON issuer TO posswitch_poster, posswitch_reader;
GRANT SELECT (hold_days, hold_over_percent) ON product_version
TO posswitch_poster, posswitch_reader;
GRANT INSERT (hold_days, hold_over_percent), UPDATE (hold_days, hold_over_percent) ON issuer
TO posswitch_office;
GRANT SELECT (
    shard, id, code, card_id, issuer_id, account_id, unit, owner, merchant_id, terminal_id,
    amount_minor, held_minor, opened_at, expires_at, ended_by
) ON hold TO posswitch_reader;
GRANT SELECT (
    shard, hold_id, turn, journal_id, fact, amount_minor
) ON hold_fact TO posswitch_reader;
