-- What happens is told to programs: who wants to hear what, and each message until it was taken.

CREATE TABLE webhook (
    code text CONSTRAINT webhook_once PRIMARY KEY
    CONSTRAINT webhook_code CHECK (code ~ '^wh_[0-9a-f]{12}$'),
    issuer_id smallint CONSTRAINT webhook_of_issuer REFERENCES issuer,
    merchant_id integer CONSTRAINT webhook_of_merchant REFERENCES merchant,
    url text NOT NULL CONSTRAINT webhook_url CHECK (url ~ '^https?://[^[:space:]]+$'),
    events text [] NOT NULL CONSTRAINT webhook_events CHECK (cardinality(events) > 0),
    -- What messages are signed by, under the LMK.
    secret_sealed bytea NOT NULL,
    state text NOT NULL CONSTRAINT webhook_state
    CHECK (state IN ('active', 'stopped', 'ended')),
    -- Since it last took one: how many it did not take, and when it is tried again.
    failures integer NOT NULL DEFAULT 0 CONSTRAINT webhook_failures CHECK (failures >= 0),
    failing_since timestamptz,
    next_at timestamptz NOT NULL,
    last_error text NOT NULL DEFAULT '',
    made_at timestamptz NOT NULL,
    made_by bigint NOT NULL CONSTRAINT webhook_made_by REFERENCES person,
    CONSTRAINT webhook_of_one CHECK (num_nonnulls(issuer_id, merchant_id) <= 1),
    CONSTRAINT webhook_failing CHECK ((failures = 0) = (failing_since IS NULL))
);
CREATE INDEX webhook_by_issuer ON webhook (issuer_id, code);
CREATE INDEX webhook_by_merchant ON webhook (merchant_id, code);

-- `line` is what it is about: of one line each waits for the one before.
CREATE TABLE webhook_message (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT webhook_message_once PRIMARY KEY,
    webhook text NOT NULL CONSTRAINT webhook_message_for REFERENCES webhook,
    issuer_id smallint,
    merchant_id integer,
    event text NOT NULL,
    line text NOT NULL,
    body text NOT NULL,
    made_at timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT webhook_message_state
    CHECK (state IN ('queued', 'delivered', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0 CONSTRAINT webhook_message_tries CHECK (attempts >= 0),
    next_at timestamptz NOT NULL,
    last_status smallint,
    last_error text NOT NULL DEFAULT '',
    delivered_at timestamptz
);
CREATE INDEX webhook_message_of ON webhook_message (webhook, id);
CREATE INDEX webhook_message_of_issuer ON webhook_message (issuer_id, webhook, id);
CREATE INDEX webhook_message_of_merchant ON webhook_message (merchant_id, webhook, id);
CREATE INDEX webhook_message_due ON webhook_message (webhook, next_at, id) WHERE state = 'queued';
CREATE INDEX webhook_message_in_line ON webhook_message (webhook, line, id)
WHERE state = 'queued';
CREATE INDEX webhook_message_over ON webhook_message (made_at) WHERE state <> 'queued';

-- How far each shard's journal has been told.
CREATE TABLE webhook_position (
    shard smallint CONSTRAINT webhook_position_once PRIMARY KEY,
    journal_id bigint NOT NULL
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON webhook, webhook_message, webhook_position TO posswitch_office;
GRANT INSERT (
    code, issuer_id, merchant_id, url, events, secret_sealed, state, next_at, made_at, made_by
) ON webhook TO posswitch_office;
GRANT UPDATE (
    url, events, secret_sealed, state, failures, failing_since, next_at, last_error
) ON webhook TO posswitch_office;
GRANT INSERT (
    webhook, issuer_id, merchant_id, event, line, body, made_at, state, next_at
) ON webhook_message TO posswitch_office;
GRANT UPDATE (
    state, attempts, next_at, last_status, last_error, delivered_at
) ON webhook_message TO posswitch_office;
GRANT DELETE ON webhook_message TO posswitch_office;
GRANT INSERT (shard, journal_id) ON webhook_position TO posswitch_office;
GRANT UPDATE (journal_id) ON webhook_position TO posswitch_office;
GRANT SELECT (
    code, issuer_id, merchant_id, url, events, state, failures, failing_since, next_at, last_error,
    made_at, made_by
) ON webhook TO posswitch_reader;
GRANT SELECT (
    id, webhook, issuer_id, merchant_id, event, line, body, made_at, state, attempts, next_at,
    last_status, last_error, delivered_at
) ON webhook_message TO posswitch_reader;
GRANT SELECT (shard, journal_id) ON webhook_position TO posswitch_reader;
