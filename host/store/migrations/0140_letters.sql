-- Letters between members and who serves them: the platform, an issuer, a merchant. What somebody
-- wrote is read by the two sides alone, and goes when the member is forgotten.

CREATE SEQUENCE letter_number;
CREATE TABLE letter (
    id bigint NOT NULL CONSTRAINT letter_once PRIMARY KEY,
    -- The letter that it began with.
    thread bigint NOT NULL,
    -- The holder, and the number by which the other side knows them, if it does.
    member_id bigint NOT NULL REFERENCES member,
    record_id bigint REFERENCES member,
    -- Of neither: the platform's.
    issuer_id smallint REFERENCES issuer,
    merchant_id integer REFERENCES merchant,
    way text NOT NULL CONSTRAINT letter_way CHECK (way IN ('to_member', 'from_member')),
    topic text NOT NULL CONSTRAINT letter_topic
    CHECK (topic IN ('message', 'question', 'complaint', 'praise')),
    title text NOT NULL,
    body text NOT NULL,
    -- What it is about, whosever that card is later.
    card_id bigint,
    written_by text NOT NULL,
    wrote_at timestamptz NOT NULL,
    office_seen_at timestamptz,
    office_seen_by text NOT NULL DEFAULT '',
    member_seen_at timestamptz,
    -- Its member has it no more; the other side keeps it.
    member_dropped_at timestamptz,
    CONSTRAINT letter_of_one CHECK (issuer_id IS NULL OR merchant_id IS NULL),
    CONSTRAINT letter_seen_by_who_wrote CHECK (
        CASE way
            WHEN 'to_member' THEN office_seen_at IS NOT NULL
            ELSE member_seen_at IS NOT NULL
        END
    )
);
CREATE INDEX letter_of_platform ON letter (id)
WHERE merchant_id IS NULL AND issuer_id IS NULL;
CREATE INDEX letter_of_platform_record ON letter (record_id, id)
WHERE merchant_id IS NULL AND issuer_id IS NULL;
CREATE INDEX letter_of_platform_thread ON letter (thread, id)
WHERE merchant_id IS NULL AND issuer_id IS NULL;
CREATE INDEX letter_of_issuer ON letter (issuer_id, id);
CREATE INDEX letter_of_merchant ON letter (merchant_id, id);
CREATE INDEX letter_of_member ON letter (member_id, id);
CREATE INDEX letter_of_record ON letter (record_id, id);
CREATE INDEX letter_of_thread ON letter (thread, id);
CREATE INDEX letter_unread_of_platform ON letter (id)
WHERE office_seen_at IS NULL AND merchant_id IS NULL AND issuer_id IS NULL;
CREATE INDEX letter_unread_of_issuer ON letter (issuer_id, id) WHERE office_seen_at IS NULL;
CREATE INDEX letter_unread_of_merchant ON letter (merchant_id, id) WHERE office_seen_at IS NULL;
CREATE INDEX letter_unread_of_member ON letter (member_id, id) WHERE member_seen_at IS NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON letter TO posswitch_office;
GRANT USAGE ON SEQUENCE letter_number TO posswitch_office;
GRANT INSERT (
    id, thread, member_id, record_id, issuer_id, merchant_id, way, topic, title, body, card_id,
    written_by, wrote_at, office_seen_at, office_seen_by, member_seen_at
) ON letter TO posswitch_office;
GRANT UPDATE (
    title, body, office_seen_at, office_seen_by, member_seen_at, member_dropped_at
) ON letter TO posswitch_office;
GRANT SELECT ON letter TO posswitch_auditor;
GRANT SELECT (
    id, thread, member_id, record_id, issuer_id, merchant_id, way, topic, card_id, written_by,
    wrote_at, office_seen_at, office_seen_by, member_seen_at, member_dropped_at
) ON letter TO posswitch_reader;
