-- The office: people, what they may do, what they asked for, what they did.

CREATE SEQUENCE person_number;
CREATE SEQUENCE grant_number;
CREATE SEQUENCE approval_number;
CREATE SEQUENCE history_number;
CREATE SEQUENCE job_number;

-- Whose something is stands in the same columns everywhere (host.office.places); all null is the
-- platform's. The columns of a person say where they work.
CREATE TABLE person (
    id bigint NOT NULL DEFAULT nextval('person_number'),
    login text NOT NULL,
    name text NOT NULL,
    -- What a phone is found by, the number under the LMK, and as it is shown.
    phone_hash bytea,
    phone_sealed bytea,
    phone_masked text NOT NULL DEFAULT '',
    -- By argon2; null until the invitation is taken up.
    password_hash text,
    -- The seed of one-time codes under the LMK, whether it was proved, and the last step used.
    totp_sealed bytea,
    totp_is_on boolean NOT NULL DEFAULT false,
    totp_step bigint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'invited',
    failures smallint NOT NULL DEFAULT 0,
    locked_until timestamptz,
    issuer_id smallint REFERENCES issuer,
    merchant_id integer REFERENCES merchant,
    store_id integer REFERENCES store,
    created_at timestamptz NOT NULL,
    created_by bigint,
    signed_in_at timestamptz,
    CONSTRAINT person_once PRIMARY KEY (id),
    CONSTRAINT person_login UNIQUE (login),
    CONSTRAINT person_login_form CHECK (login ~ '^[a-z][a-z0-9._-]{1,31}$'),
    CONSTRAINT person_state CHECK (state IN ('invited', 'active', 'locked', 'disabled')),
    CONSTRAINT person_totp_whole CHECK (totp_sealed IS NOT NULL OR NOT totp_is_on)
);
CREATE INDEX person_by_name ON person (name, id);
CREATE INDEX person_by_state ON person (state, name, id);
CREATE INDEX person_by_issuer ON person (issuer_id, name, id);
CREATE INDEX person_by_merchant ON person (merchant_id, name, id);
CREATE INDEX person_by_store ON person (store_id, name, id);
CREATE INDEX person_by_phone ON person (phone_hash);

-- A role at a place, from and until.
CREATE TABLE person_grant (
    id bigint NOT NULL DEFAULT nextval('grant_number'),
    person_id bigint NOT NULL REFERENCES person,
    role text NOT NULL,
    scope text NOT NULL,
    issuer_id smallint REFERENCES issuer,
    merchant_id integer REFERENCES merchant,
    store_id integer REFERENCES store,
    rights text [] NOT NULL DEFAULT '{}',
    limit_minor bigint,
    from_at timestamptz NOT NULL,
    until_at timestamptz,
    granted_by bigint REFERENCES person,
    ended_at timestamptz,
    ended_by bigint REFERENCES person,
    CONSTRAINT person_grant_once PRIMARY KEY (id),
    CONSTRAINT person_grant_scope CHECK (
        CASE scope
            WHEN 'platform' THEN num_nonnulls(issuer_id, merchant_id, store_id) = 0
            WHEN 'issuer' THEN issuer_id IS NOT NULL AND num_nonnulls(merchant_id, store_id) = 0
            WHEN 'merchant' THEN merchant_id IS NOT NULL AND num_nonnulls(issuer_id, store_id) = 0
            WHEN 'store'
                THEN merchant_id IS NOT NULL AND store_id IS NOT NULL AND issuer_id IS NULL
            ELSE false
        END
    ),
    CONSTRAINT person_grant_not_to_oneself CHECK (granted_by <> person_id),
    CONSTRAINT person_grant_span CHECK (until_at > from_at)
);
CREATE INDEX person_grant_of ON person_grant (person_id, id);
CREATE INDEX person_grant_by_role ON person_grant (role, id);
CREATE INDEX person_grant_by_scope ON person_grant (scope, id);
CREATE INDEX person_grant_by_issuer ON person_grant (issuer_id, id);
CREATE INDEX person_grant_by_merchant ON person_grant (merchant_id, id);
CREATE INDEX person_grant_by_store ON person_grant (store_id, id);
CREATE INDEX person_grant_ending ON person_grant (until_at, id);

-- A link that is good once. Of what is sent or kept by a browser only a hash is here.
CREATE TABLE invitation (
    token_hash bytea NOT NULL,
    person_id bigint NOT NULL REFERENCES person,
    made_at timestamptz NOT NULL,
    made_by bigint,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT invitation_once PRIMARY KEY (token_hash)
);
CREATE INDEX invitation_of ON invitation (person_id);

CREATE TABLE session (
    token_hash bytea NOT NULL,
    person_id bigint NOT NULL REFERENCES person,
    -- The one in use; null where nothing but enrolling may be done.
    grant_id bigint REFERENCES person_grant,
    made_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    source text NOT NULL,
    CONSTRAINT session_once PRIMARY KEY (token_hash)
);
CREATE INDEX session_of ON session (person_id, made_at);

-- What a one-time code is waited for: one action with these values, in one session.
CREATE TABLE step_up (
    session_hash bytea NOT NULL,
    digest bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0,
    CONSTRAINT step_up_once PRIMARY KEY (session_hash, digest)
);

CREATE TABLE approval (
    id bigint NOT NULL DEFAULT nextval('approval_number'),
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_key text NOT NULL,
    issuer_id smallint,
    merchant_id integer,
    store_id integer,
    member_id bigint,
    -- What is to be done, as it was asked, and its digest.
    asked jsonb NOT NULL,
    digest bytea NOT NULL,
    -- The version of the subject that was seen when it was asked.
    seen text NOT NULL,
    asked_by bigint NOT NULL REFERENCES person,
    asked_as bigint NOT NULL REFERENCES person_grant,
    asked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'asked',
    decided_by bigint REFERENCES person,
    decided_at timestamptz,
    note text NOT NULL DEFAULT '',
    outcome jsonb,
    CONSTRAINT approval_once PRIMARY KEY (id),
    CONSTRAINT approval_state CHECK (
        state IN ('asked', 'done', 'failed', 'refused', 'withdrawn', 'expired')
    ),
    CONSTRAINT approval_by_two CHECK (
        state NOT IN ('done', 'refused') OR decided_by <> asked_by
    ),
    CONSTRAINT approval_decided CHECK ((state = 'asked') = (decided_at IS NULL))
);
CREATE INDEX approval_by_state ON approval (state, expires_at, id);
CREATE INDEX approval_by_time ON approval (expires_at, id);
CREATE INDEX approval_by_action ON approval (action, expires_at, id);
CREATE INDEX approval_by_asker ON approval (asked_by, expires_at, id);
CREATE INDEX approval_by_subject ON approval (subject_kind, subject_key, id);
CREATE INDEX approval_by_issuer ON approval (issuer_id, expires_at, id);
CREATE INDEX approval_by_merchant ON approval (merchant_id, expires_at, id);
CREATE INDEX approval_by_store ON approval (store_id, expires_at, id);

-- Append-only: one line for all that was done, asked for or refused.
CREATE TABLE history (
    id bigint NOT NULL DEFAULT nextval('history_number'),
    at timestamptz NOT NULL,
    person_id bigint,
    -- The grant in use, in words: role@place.
    acting_as text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_key text NOT NULL,
    issuer_id smallint,
    merchant_id integer,
    store_id integer,
    member_id bigint,
    before jsonb,
    after jsonb,
    note text NOT NULL DEFAULT '',
    approval_id bigint,
    source text NOT NULL,
    -- done, asked, or the code of a refusal.
    outcome text NOT NULL,
    CONSTRAINT history_once PRIMARY KEY (id)
);
CREATE INDEX history_by_person ON history (person_id, id);
CREATE INDEX history_by_action ON history (action, id);
CREATE INDEX history_by_subject ON history (subject_kind, subject_key, id);
CREATE INDEX history_by_time ON history (at, id);
CREATE INDEX history_by_issuer ON history (issuer_id, id);
CREATE INDEX history_by_merchant ON history (merchant_id, id);
CREATE INDEX history_by_store ON history (store_id, id);
CREATE INDEX history_by_member ON history (member_id, id);

-- A form that was sent is done once: the key is of the form, the outcome what was told.
CREATE TABLE once_key (
    person_id bigint NOT NULL REFERENCES person,
    key text NOT NULL,
    digest bytea NOT NULL,
    outcome jsonb NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT once_key_once PRIMARY KEY (person_id, key)
);
CREATE INDEX once_key_by_time ON once_key (at);

-- Long work: what is to be done, how far it is, and who is at it.
CREATE TABLE job (
    id bigint NOT NULL DEFAULT nextval('job_number'),
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_key text NOT NULL,
    issuer_id smallint,
    merchant_id integer,
    store_id integer,
    member_id bigint,
    -- What it needs to be begun, or to go on.
    plan jsonb NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL,
    asked_by bigint NOT NULL REFERENCES person,
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    beat_at timestamptz,
    ended_at timestamptz,
    error text NOT NULL DEFAULT '',
    CONSTRAINT job_once PRIMARY KEY (id),
    CONSTRAINT job_state CHECK (
        state IN ('waiting', 'running', 'stopping', 'stopped', 'done', 'failed')
    ),
    CONSTRAINT job_progress CHECK (done BETWEEN 0 AND total)
);
CREATE INDEX job_by_state ON job (state, id);
CREATE INDEX job_by_action ON job (action, id);
CREATE INDEX job_by_asker ON job (asked_by, id);
CREATE INDEX job_by_subject ON job (subject_kind, subject_key, id);
CREATE INDEX job_by_issuer ON job (issuer_id, id);
CREATE INDEX job_by_merchant ON job (merchant_id, id);
CREATE INDEX job_by_store ON job (store_id, id);

-- What people say of the estate.
ALTER TABLE merchant
ADD COLUMN trade text NOT NULL DEFAULT '',
ADD COLUMN city text NOT NULL DEFAULT '',
ADD COLUMN contact text NOT NULL DEFAULT '',
ADD COLUMN closed_on date,
ADD CONSTRAINT merchant_closed CHECK (closed_on IS NULL OR NOT is_active);
ALTER TABLE store
ADD COLUMN address text NOT NULL DEFAULT '',
ADD COLUMN hours text NOT NULL DEFAULT '',
ADD COLUMN phone text NOT NULL DEFAULT '',
ADD COLUMN is_active boolean NOT NULL DEFAULT true;
CREATE INDEX merchant_by_name ON merchant (name COLLATE "C", merchant_id);
CREATE INDEX merchant_by_trade ON merchant (trade, merchant_id);
CREATE INDEX merchant_by_city ON merchant (city, merchant_id);
CREATE INDEX merchant_by_state ON merchant (is_active, merchant_id);
CREATE INDEX store_of ON store (merchant_id, id);
CREATE INDEX terminal_of ON terminal (store_id, terminal_id);
CREATE INDEX terminal_by_state ON terminal (is_active, terminal_id);
REVOKE SELECT ON merchant FROM posswitch_poster, posswitch_night;
GRANT SELECT (id, merchant_id, name, is_active) ON merchant TO posswitch_poster, posswitch_night;


-- What the office may do.
-- host.store.rights is the same as a table; tests hold both against the statements.
GRANT USAGE ON SEQUENCE change_number, account_number, person_number, grant_number,
approval_number, history_number, job_number TO posswitch_office;
GRANT INSERT (id, shard, chart, unit, issuer_id, merchant_id) ON TABLE account TO posswitch_office;
GRANT INSERT (
    action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id, asked,
    digest, seen, asked_by, asked_as, asked_at, expires_at
) ON approval TO posswitch_office;
GRANT UPDATE (state, decided_by, decided_at, note, outcome) ON approval TO posswitch_office;
GRANT INSERT (relation, key, digest, content, before) ON change TO posswitch_office;
GRANT UPDATE (version) ON estate_version TO posswitch_office;
GRANT INSERT (
    at, person_id, acting_as, action, subject_kind, subject_key, issuer_id, merchant_id,
    store_id, member_id, before, after, note, approval_id, source, outcome
) ON history TO posswitch_office;
GRANT INSERT (
    token_hash, person_id, made_at, made_by, expires_at
) ON invitation TO posswitch_office;
GRANT UPDATE (used_at) ON invitation TO posswitch_office;
GRANT INSERT (
    id, institution_id, name, pan_prefix, currency, amount_minor_max, balance_minor_max,
    pin_tries_max
) ON issuer TO posswitch_office;
GRANT UPDATE (
    name, amount_minor_max, balance_minor_max, pin_tries_max, is_active
) ON issuer TO posswitch_office;
GRANT INSERT (
    action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id, plan,
    total, asked_by, asked_at
) ON job TO posswitch_office;
GRANT UPDATE (state, done, started_at, beat_at, ended_at, error) ON job TO posswitch_office;
GRANT INSERT (
    terminal_id, through_generation, asked_by, asked_at
) ON key_rotation TO posswitch_office;
GRANT UPDATE (through_generation, asked_by, asked_at, asked_as) ON key_rotation TO posswitch_office;
GRANT INSERT (id, merchant_id, name, trade, city, contact) ON merchant TO posswitch_office;
GRANT UPDATE (name, is_active, trade, city, contact, closed_on) ON merchant TO posswitch_office;
GRANT INSERT (
    login, name, phone_hash, phone_sealed, phone_masked, issuer_id, merchant_id, store_id,
    created_at, created_by
) ON person TO posswitch_office;
GRANT UPDATE (
    name, phone_hash, phone_sealed, phone_masked, password_hash, totp_sealed, totp_is_on,
    totp_step, state, failures, locked_until, signed_in_at
) ON person TO posswitch_office;
GRANT INSERT (
    person_id, role, scope, issuer_id, merchant_id, store_id, rights, limit_minor, from_at,
    until_at, granted_by
) ON person_grant TO posswitch_office;
GRANT UPDATE (ended_at, ended_by) ON person_grant TO posswitch_office;
GRANT SELECT (code, issuer_id) ON programme TO posswitch_office;
GRANT INSERT (
    token_hash, person_id, grant_id, made_at, used_at, expires_at, source
) ON session TO posswitch_office;
GRANT UPDATE (grant_id, used_at, ended_at) ON session TO posswitch_office;
GRANT UPDATE (asked_at, tries) ON step_up TO posswitch_office;
GRANT UPDATE (name, address, hours, phone, is_active) ON store TO posswitch_office;
GRANT INSERT (
    terminal_id, store_id, epoch, mac_algorithm, serial, settles_points, family
) ON terminal TO posswitch_office;
GRANT UPDATE (store_id, is_active, settles_points) ON terminal TO posswitch_office;
GRANT SELECT (institution, terminal_id, state) ON terminal_batch TO posswitch_office;
GRANT SELECT (terminal_id, usage, generation, check_value) ON terminal_key TO posswitch_office;
GRANT SELECT (terminal_id, reported_at) ON terminal_status TO posswitch_office;
GRANT UPDATE (name, contact, note) ON vendor TO posswitch_office;
GRANT SELECT ON acceptance, account, approval, estate_change, estate_version, history, invitation,
issuer, job, key_rotation, merchant, once_key, person, person_grant, session, step_up, store,
terminal, vendor TO posswitch_office;
GRANT INSERT ON acceptance, estate_change, once_key, step_up, store, vendor TO posswitch_office;
GRANT DELETE ON acceptance, step_up TO posswitch_office;

-- Who looks sees all of it but what lets somebody in.
GRANT SELECT (
    id, action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id,
    asked, digest, seen, asked_by, asked_as, asked_at, expires_at, state, decided_by,
    decided_at, note, outcome
) ON approval TO posswitch_reader;
GRANT SELECT (
    id, at, person_id, acting_as, action, subject_kind, subject_key, issuer_id, merchant_id,
    store_id, member_id, before, after, note, approval_id, source, outcome
) ON history TO posswitch_reader;
GRANT SELECT (person_id, made_at, made_by, expires_at, used_at) ON invitation TO posswitch_reader;
GRANT SELECT (
    id, action, subject_kind, subject_key, issuer_id, merchant_id, store_id, member_id,
    plan, state, done, total, asked_by, asked_at, started_at, beat_at, ended_at, error
) ON job TO posswitch_reader;
GRANT SELECT (trade, city, contact, closed_on) ON merchant TO posswitch_reader;
GRANT SELECT (person_id, key, outcome, at) ON once_key TO posswitch_reader;
GRANT SELECT (
    id, login, name, phone_masked, totp_is_on, totp_step, state, failures, locked_until,
    issuer_id, merchant_id, store_id, created_at, created_by, signed_in_at
) ON person TO posswitch_reader;
GRANT SELECT (
    id, person_id, role, scope, issuer_id, merchant_id, store_id, rights, limit_minor,
    from_at, until_at, granted_by, ended_at, ended_by
) ON person_grant TO posswitch_reader;
GRANT SELECT (
    person_id, grant_id, made_at, used_at, expires_at, ended_at, source
) ON session TO posswitch_reader;
GRANT SELECT (asked_at, tries) ON step_up TO posswitch_reader;
GRANT SELECT (address, hours, phone, is_active) ON store TO posswitch_reader;
