-- Cards that were sent to who sells them, and files of members.

CREATE SEQUENCE shipment_number;
CREATE TABLE shipment (
    id bigint NOT NULL DEFAULT nextval('shipment_number'),
    issuer_id smallint NOT NULL REFERENCES issuer,
    batch_id integer NOT NULL REFERENCES card_batch,
    reference text NOT NULL CHECK (reference <> ''),
    cards integer NOT NULL CHECK (cards > 0),
    recipient text NOT NULL CHECK (recipient <> ''),
    carrier text NOT NULL DEFAULT '',
    tracking text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'sent',
    sent_by text NOT NULL CHECK (sent_by <> ''),
    sent_at timestamptz NOT NULL,
    CONSTRAINT shipment_once PRIMARY KEY (id),
    CONSTRAINT shipment_named UNIQUE (issuer_id, reference),
    CONSTRAINT shipment_state CHECK (state IN ('sent', 'received'))
);
CREATE INDEX shipment_of_batch ON shipment (batch_id, id);
CREATE INDEX shipment_by_carrier ON shipment (carrier, id);
CREATE INDEX shipment_by_state ON shipment (state, id);
CREATE INDEX shipment_of_issuer ON shipment (issuer_id, id);

-- By which a card was sent.
ALTER TABLE card ADD COLUMN shipment_id bigint;

-- Members as people look for them, by several things at once.
CREATE INDEX member_by_state ON member (state, id);
CREATE INDEX member_by_last_four ON member (right(phone_masked, 4), id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT USAGE ON SEQUENCE shipment_number TO posswitch_office;
GRANT SELECT ON shipment TO posswitch_office;
GRANT INSERT (
    issuer_id, batch_id, reference, cards, recipient, carrier, tracking, sent_by, sent_at
) ON shipment TO posswitch_office;
GRANT UPDATE (shipment_id) ON card TO posswitch_office;
GRANT SELECT (
    id, issuer_id, batch_id, reference, cards, recipient, carrier, tracking, state, sent_by, sent_at
) ON shipment TO posswitch_reader;
GRANT SELECT (shipment_id) ON card TO posswitch_reader;
