-- A program asks as a person does: under a grant that names what it may do and see, known by keys.

ALTER TABLE person ADD COLUMN is_client boolean NOT NULL DEFAULT false;
CREATE INDEX person_at_work ON person (name, id) WHERE NOT is_client;
CREATE INDEX person_client ON person (name, id) WHERE is_client;
CREATE INDEX person_client_of_issuer ON person (issuer_id, name, id) WHERE is_client;
CREATE INDEX person_client_of_merchant ON person (merchant_id, name, id) WHERE is_client;

ALTER TABLE person_grant
ADD COLUMN actions text [] NOT NULL DEFAULT '{}',
ADD COLUMN views text [] NOT NULL DEFAULT '{}',
-- From where it may ask; none: from anywhere.
ADD COLUMN networks text [] NOT NULL DEFAULT '{}',
ADD COLUMN calls_a_minute integer,
ADD CONSTRAINT person_grant_of_client CHECK (
    (role = 'api_client') = (calls_a_minute IS NOT NULL)
    AND (role = 'api_client' OR cardinality(actions || views || networks) = 0)
    AND calls_a_minute > 0
);

-- Of a key only a hash is here, and how it begins. It is good until then, and ended by that.
CREATE TABLE api_key (
    token_hash bytea CONSTRAINT api_key_once PRIMARY KEY,
    person_id bigint NOT NULL CONSTRAINT api_key_of REFERENCES person,
    prefix text NOT NULL CONSTRAINT api_key_prefix CHECK (prefix ~ '^psk_[0-9A-Za-z_-]{8}$'),
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    expires_at timestamptz NOT NULL CONSTRAINT api_key_span CHECK (expires_at >= made_at),
    used_at timestamptz
);
CREATE INDEX api_key_of_client ON api_key (person_id, made_at);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (state, is_client) ON person TO posswitch_office;
GRANT INSERT (actions, views, networks, calls_a_minute) ON person_grant TO posswitch_office;
GRANT SELECT ON api_key TO posswitch_office;
GRANT INSERT (
    token_hash, person_id, prefix, made_at, made_by, expires_at
) ON api_key TO posswitch_office;
GRANT UPDATE (expires_at, used_at) ON api_key TO posswitch_office;
GRANT SELECT (is_client) ON person TO posswitch_reader;
GRANT SELECT (actions, views, networks, calls_a_minute) ON person_grant TO posswitch_reader;
GRANT SELECT (
    person_id, prefix, made_at, made_by, expires_at, used_at
) ON api_key TO posswitch_reader;
