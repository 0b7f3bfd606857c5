-- An enterprise buys vouchers of an issuer for its staff: it has people of its own, and whose
-- something is has one column more, wherever it stands.

CREATE TABLE enterprise (
    id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT enterprise_numbered PRIMARY KEY,
    code text NOT NULL CONSTRAINT enterprise_code CHECK (code ~ '^[A-Z][A-Z0-9-]{1,31}$'),
    issuer_id smallint NOT NULL CONSTRAINT enterprise_of REFERENCES issuer,
    name text NOT NULL,
    contact text NOT NULL,
    state text NOT NULL DEFAULT 'active' CONSTRAINT enterprise_state
    CHECK (state IN ('active', 'suspended')),
    -- What it may spend on vouchers, and what it has spent.
    granted_minor bigint NOT NULL DEFAULT 0,
    spent_minor bigint NOT NULL DEFAULT 0,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    CONSTRAINT enterprise_coded UNIQUE (code),
    CONSTRAINT enterprise_budget CHECK (spent_minor >= 0 AND granted_minor >= spent_minor)
);
CREATE INDEX enterprise_by_issuer ON enterprise (issuer_id, code);

-- Each change of what it may spend, by two people.
CREATE TABLE enterprise_grant (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT enterprise_grant_once PRIMARY KEY,
    enterprise_id integer NOT NULL CONSTRAINT enterprise_grant_to REFERENCES enterprise,
    amount_minor bigint NOT NULL CONSTRAINT enterprise_grant_amount CHECK (amount_minor <> 0),
    note text NOT NULL,
    given_by text NOT NULL,
    agreed_by text NOT NULL CONSTRAINT enterprise_grant_agreed
    CHECK (agreed_by <> '' AND agreed_by <> given_by),
    given_at timestamptz NOT NULL
);
CREATE INDEX enterprise_grant_of ON enterprise_grant (enterprise_id, id);

-- What people of a department may redeem.
CREATE TABLE department (
    enterprise_id integer NOT NULL CONSTRAINT department_of REFERENCES enterprise,
    name text NOT NULL,
    may_goods boolean NOT NULL DEFAULT true,
    may_services boolean NOT NULL DEFAULT true,
    CONSTRAINT department_once PRIMARY KEY (enterprise_id, name)
);

-- Who works there: by a number of the enterprise's own, and by the phone as who they are a member.
CREATE TABLE employee (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT employee_numbered PRIMARY KEY,
    enterprise_id integer NOT NULL CONSTRAINT employee_of REFERENCES enterprise,
    code text NOT NULL,
    name text NOT NULL,
    member_id bigint NOT NULL CONSTRAINT employee_is REFERENCES member,
    phone_masked text NOT NULL,
    department text NOT NULL,
    grade text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'working' CONSTRAINT employee_state
    CHECK (state IN ('working', 'left')),
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL,
    CONSTRAINT employee_once UNIQUE (enterprise_id, code),
    CONSTRAINT employee_phone UNIQUE (enterprise_id, member_id) DEFERRABLE,
    CONSTRAINT employee_in FOREIGN KEY (enterprise_id, department) REFERENCES department
);
CREATE INDEX employee_by_department ON employee (enterprise_id, department, code);

-- Whose something is. ----------------------------------------------------------------------------

ALTER TABLE person
DROP CONSTRAINT person_of_member_alone,
ADD COLUMN enterprise_id integer CONSTRAINT person_of_enterprise REFERENCES enterprise,
ADD CONSTRAINT person_of_member_alone CHECK (
    CASE
        WHEN member_id IS NULL THEN pay_pin_hash IS NULL
        ELSE
            num_nonnulls(
                password_hash, totp_sealed, issuer_id, merchant_id, store_id, alliance_id,
                enterprise_id
            ) = 0
    END
);
ALTER TABLE person_grant
DROP CONSTRAINT person_grant_scope,
ADD COLUMN enterprise_id integer CONSTRAINT person_grant_of_enterprise REFERENCES enterprise,
ADD CONSTRAINT person_grant_scope CHECK (
    CASE scope
        WHEN 'platform'
            THEN num_nonnulls(issuer_id, merchant_id, store_id, alliance_id, enterprise_id) = 0
        WHEN 'issuer'
            THEN
                issuer_id IS NOT NULL
                AND num_nonnulls(merchant_id, store_id, alliance_id, enterprise_id) = 0
        WHEN 'enterprise'
            THEN
                num_nonnulls(issuer_id, enterprise_id) = 2
                AND num_nonnulls(merchant_id, store_id, alliance_id) = 0
        WHEN 'alliance'
            THEN
                alliance_id IS NOT NULL
                AND num_nonnulls(issuer_id, merchant_id, store_id, enterprise_id) = 0
        WHEN 'merchant'
            THEN
                merchant_id IS NOT NULL
                AND num_nonnulls(issuer_id, store_id, alliance_id, enterprise_id) = 0
        WHEN 'store'
            THEN
                num_nonnulls(merchant_id, store_id) = 2
                AND num_nonnulls(issuer_id, alliance_id, enterprise_id) = 0
        ELSE false
    END
);
ALTER TABLE approval ADD COLUMN enterprise_id integer;
ALTER TABLE history ADD COLUMN enterprise_id integer;
ALTER TABLE job ADD COLUMN enterprise_id integer;
ALTER TABLE office_file ADD COLUMN enterprise_id integer;
ALTER TABLE disclosure ADD COLUMN enterprise_id integer;

CREATE INDEX person_by_enterprise ON person (enterprise_id, name, id);
CREATE INDEX approval_by_enterprise ON approval (enterprise_id, expires_at, id);
CREATE INDEX job_by_enterprise ON job (enterprise_id, id) WHERE enterprise_id IS NOT NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (
    enterprise_id
) ON person, person_grant, approval, history, job, office_file, disclosure TO posswitch_office;
GRANT SELECT (
    enterprise_id
) ON person, person_grant, approval, history, job, office_file, disclosure TO posswitch_reader;
GRANT SELECT ON enterprise, enterprise_grant, department, employee TO posswitch_office;
GRANT INSERT (
    code, issuer_id, name, contact, state, made_by, made_at
) ON enterprise TO posswitch_office;
GRANT UPDATE (name, contact, state, granted_minor) ON enterprise TO posswitch_office;
GRANT INSERT (
    enterprise_id, amount_minor, note, given_by, agreed_by, given_at
) ON enterprise_grant TO posswitch_office;
GRANT INSERT (
    enterprise_id, name, may_goods, may_services
) ON department TO posswitch_office;
GRANT UPDATE (may_goods, may_services) ON department TO posswitch_office;
GRANT INSERT (
    enterprise_id, code, name, member_id, phone_masked, department, grade, state, saved_by, saved_at
) ON employee TO posswitch_office;
GRANT UPDATE (
    name, member_id, phone_masked, department, grade, state, saved_by, saved_at
) ON employee TO posswitch_office;
GRANT SELECT ON enterprise, enterprise_grant, department, employee TO posswitch_auditor;
GRANT SELECT (
    id, code, issuer_id, name, contact, state, granted_minor, spent_minor, made_by, made_at
) ON enterprise TO posswitch_reader;
GRANT SELECT (
    id, enterprise_id, amount_minor, note, given_by, agreed_by, given_at
) ON enterprise_grant TO posswitch_reader;
GRANT SELECT (
    enterprise_id, name, may_goods, may_services
) ON department TO posswitch_reader;
GRANT SELECT (
    id, enterprise_id, code, name, member_id, phone_masked, department, grade, state, saved_by,
    saved_at
) ON employee TO posswitch_reader;
