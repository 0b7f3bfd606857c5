-- What is held, as people look at it and let go of it.

CREATE INDEX hold_by_number ON hold (id);
CREATE INDEX hold_of_card_due ON hold (card_id, expires_at, id) WHERE held_minor > 0;
CREATE INDEX hold_open ON hold (expires_at, id) WHERE held_minor > 0;
CREATE INDEX hold_of_issuer_open ON hold (issuer_id, expires_at, id) WHERE held_minor > 0;
CREATE INDEX hold_of_merchant_open ON hold (merchant_id, expires_at, id) WHERE held_minor > 0;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON hold TO posswitch_office;
