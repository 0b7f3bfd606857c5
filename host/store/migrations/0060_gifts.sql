-- Gifts: value that has left a card and waits for whom it is for, until it is claimed or is back.

-- The posting that took it off its card says how much. It is in transit until another ends it: onto
-- the receiver's card, or back.
CREATE TABLE gift (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    card_id bigint NOT NULL,
    issuer_id smallint NOT NULL,
    sender_id bigint NOT NULL,
    -- How often what is in it has been given.
    depth smallint NOT NULL CONSTRAINT gift_depth CHECK (depth > 0),
    sent_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    -- Keyed hashes: of its link, or of the phone that it is for.
    token_hash bytea,
    phone_hash bytea,
    phone_masked text NOT NULL DEFAULT '',
    wish text NOT NULL DEFAULT '' CONSTRAINT gift_wish CHECK (char_length(wish) <= 60),
    from_name text NOT NULL DEFAULT ''
    CONSTRAINT gift_from_name CHECK (char_length(from_name) <= 40),
    state text NOT NULL DEFAULT 'reserved',
    ended_as text NOT NULL DEFAULT '',
    ended_at timestamptz,
    to_shard smallint,
    to_card bigint,
    ended_id bigint,
    receiver_id bigint,
    CONSTRAINT gift_once PRIMARY KEY (shard, journal_id),
    CONSTRAINT gift_for_somebody CHECK ((token_hash IS NULL) <> (phone_hash IS NULL)),
    CONSTRAINT gift_time CHECK (due_at > sent_at),
    CONSTRAINT gift_state CHECK (state IN ('reserved', 'claimed', 'returned')),
    CONSTRAINT gift_ended CHECK (
        (state = 'reserved') = (ended_as = '')
        AND (state = 'claimed') = (ended_as = 'claimed')
        AND (state = 'reserved') = (ended_at IS NULL)
        AND (state = 'reserved') = (ended_id IS NULL)
        AND (state = 'reserved') = (to_shard IS NULL)
        AND (state = 'reserved') = (to_card IS NULL)
        AND (state = 'claimed') = (receiver_id IS NOT NULL)
        AND (state <> 'returned' OR (to_shard = shard AND to_card = card_id))
    ),
    CONSTRAINT gift_ended_as CHECK (
        ended_as IN ('', 'claimed', 'withdrawn', 'declined', 'expired')
    )
);
CREATE INDEX gift_due ON gift (due_at, shard, journal_id) WHERE state = 'reserved';
CREATE INDEX gift_reserved ON gift (shard, card_id) WHERE state = 'reserved';
CREATE INDEX gift_received ON gift (to_shard, to_card, depth) WHERE state = 'claimed';
CREATE INDEX gift_by_link ON gift (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX gift_by_number ON gift (journal_id);
CREATE INDEX gift_of_issuer ON gift (issuer_id, journal_id);
CREATE INDEX gift_by_sender ON gift (sender_id, journal_id);
CREATE INDEX gift_by_receiver ON gift (receiver_id, journal_id);
CREATE INDEX gift_for_phone ON gift (phone_hash, journal_id);

-- How often what came as a gift may be given on; null: as often as one likes.
ALTER TABLE product_version ADD COLUMN regifts_max smallint
CONSTRAINT product_regifts CHECK (regifts_max >= 0);

-- How many hours a gift waits to be claimed.
INSERT INTO office_setting (name, value) VALUES ('gift_hours', 72);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON gift TO posswitch_poster;
GRANT INSERT (
    shard, journal_id, card_id, issuer_id, sender_id, depth, sent_at, due_at, token_hash,
    phone_hash, phone_masked, wish, from_name
) ON gift TO posswitch_poster;
GRANT UPDATE (
    state, ended_as, ended_at, to_shard, to_card, ended_id, receiver_id
) ON gift TO posswitch_poster;
GRANT SELECT (regifts_max) ON product_version TO posswitch_poster, posswitch_reader;
GRANT SELECT (
    shard, journal_id, card_id, issuer_id, sender_id, depth, sent_at, due_at, phone_masked, wish,
    from_name, state, ended_as, ended_at, to_shard, to_card, ended_id, receiver_id
) ON gift TO posswitch_reader;
