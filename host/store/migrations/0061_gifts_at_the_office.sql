-- Gifts are shown and asked for at the office.

CREATE INDEX gift_by_card ON gift (card_id, journal_id);
CREATE INDEX gift_by_state ON gift (state, journal_id);
CREATE INDEX gift_of_issuer_by_state ON gift (issuer_id, state, journal_id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON gift TO posswitch_office;
