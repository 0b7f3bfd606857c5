-- A member signs in by a phone and a code: somebody who acts for themselves, under no grant that
-- anybody gave, and whom no password lets in. A login of this form cannot be typed.

INSERT INTO office_setting (name, value) VALUES
('codes_of_phone_max', 5),
('codes_of_source_max', 30),
('pay_free_minor_max', 20000);

ALTER TABLE person
DROP CONSTRAINT person_login_form,
ADD COLUMN member_id bigint REFERENCES member,
-- Of what is typed when value leaves them, under a key.
ADD COLUMN pay_pin_hash bytea,
ADD CONSTRAINT person_of_member UNIQUE (member_id),
ADD CONSTRAINT person_login_form CHECK (
    CASE
        WHEN member_id IS NULL THEN login ~ '^[a-z][a-z0-9._-]{1,31}$'
        ELSE login = 'member:' || member_id
    END
),
ADD CONSTRAINT person_of_member_alone CHECK (
    CASE
        WHEN member_id IS NULL THEN pay_pin_hash IS NULL
        ELSE
            num_nonnulls(
                password_hash, totp_sealed, issuer_id, merchant_id, store_id, alliance_id
            ) = 0
    END
);

-- Since when what may be shown once their pay PIN was given is shown in it without another.
ALTER TABLE session ADD COLUMN pin_given_at timestamptz;

-- The newest code that was sent to a phone, for one thing.
CREATE TABLE phone_code (
    phone_hash bytea NOT NULL,
    sent_for text NOT NULL,
    code_hash bytea NOT NULL,
    sent_at timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0,
    CONSTRAINT phone_code_once PRIMARY KEY (phone_hash, sent_for),
    CONSTRAINT phone_code_for CHECK (sent_for IN ('sign_in', 'pay_pin'))
);
CREATE INDEX phone_code_by_time ON phone_code (sent_at);

-- Who works here is found without walking past members.
DROP INDEX person_at_work;
CREATE INDEX person_at_work ON person (member_id, is_client, name, id);

-- What a member sees of their own.
CREATE INDEX job_by_member ON job (member_id, id) WHERE member_id IS NOT NULL;
CREATE INDEX draw_of_member ON draw (member_id, seq);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (member_id) ON person TO posswitch_office;
GRANT UPDATE (pay_pin_hash) ON person TO posswitch_office;
GRANT UPDATE (pin_given_at) ON session TO posswitch_office;
GRANT SELECT, DELETE ON phone_code TO posswitch_office;
GRANT INSERT (phone_hash, sent_for, code_hash, sent_at) ON phone_code TO posswitch_office;
GRANT UPDATE (code_hash, sent_at, tries) ON phone_code TO posswitch_office;
GRANT SELECT (hit) ON draw TO posswitch_office;
GRANT SELECT ON phone_code TO posswitch_auditor;
GRANT SELECT (member_id) ON person TO posswitch_reader;
GRANT SELECT (pin_given_at) ON session TO posswitch_reader;
GRANT SELECT (sent_for, sent_at, tries) ON phone_code TO posswitch_reader;
