-- Value that goes from one card to another in two postings, driven by the clock until it is there.

-- What is to leave a card that has ended: to the card that has its place, or back to its issuer.
-- What comes back onto the card later opens it again.
CREATE TABLE move (
    shard smallint NOT NULL,
    card_id bigint NOT NULL,
    name text NOT NULL CONSTRAINT move_name CHECK (name IN ('replacement', 'void')),
    to_shard smallint,
    to_card bigint,
    origin text NOT NULL CONSTRAINT move_origin CHECK (origin IN ('office', 'clock')),
    made_by text NOT NULL CHECK (made_by <> ''),
    asked_at timestamptz NOT NULL,
    -- How often it was opened, and its next step: both only rise.
    wanted integer NOT NULL DEFAULT 1,
    step integer NOT NULL DEFAULT 1,
    state text NOT NULL DEFAULT 'open',
    refused text NOT NULL DEFAULT '',
    ended_at timestamptz,
    CONSTRAINT move_once PRIMARY KEY (shard, card_id, name),
    CONSTRAINT move_to CHECK (
        (name = 'replacement') = (to_card IS NOT NULL)
        AND (to_card IS NULL) = (to_shard IS NULL)
        AND to_card <> card_id
    ),
    CONSTRAINT move_state CHECK (state IN ('open', 'done', 'refused')),
    CONSTRAINT move_ended CHECK (
        (state = 'open') = (ended_at IS NULL) AND (state = 'refused') = (refused <> '')
    ),
    CONSTRAINT move_counts CHECK (wanted > 0 AND step > 0)
);
CREATE INDEX move_open ON move (shard, card_id, name) WHERE state = 'open';

-- One step of it, between its two postings: what left, and whither. Its journal says how much.
CREATE TABLE transit (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    to_shard smallint NOT NULL,
    to_card bigint NOT NULL,
    expires_on date,
    is_open boolean NOT NULL DEFAULT true,
    CONSTRAINT transit_once PRIMARY KEY (shard, journal_id)
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON move, transit TO posswitch_poster;
GRANT INSERT (shard, card_id, name, origin, made_by, asked_at) ON move TO posswitch_poster;
GRANT UPDATE (wanted, step, state, refused, ended_at) ON move TO posswitch_poster;
GRANT INSERT (shard, journal_id, to_shard, to_card, expires_on) ON transit TO posswitch_poster;
GRANT UPDATE (is_open) ON transit TO posswitch_poster;
GRANT SELECT (
    shard, card_id, name, to_shard, to_card, origin, made_by, asked_at, wanted, step, state,
    refused, ended_at
) ON move TO posswitch_reader;
GRANT SELECT (
    shard, journal_id, to_shard, to_card, expires_on, is_open
) ON transit TO posswitch_reader;
