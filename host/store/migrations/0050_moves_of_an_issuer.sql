-- A move says whose card it leaves, so that an issuer reads its own moves alone. One is written
-- when a card ends, never by a sale, so that its two indexes cost no posting anything.
ALTER TABLE move ADD COLUMN issuer_id smallint;

UPDATE move SET issuer_id = card.issuer_id
FROM card
WHERE card.shard = move.shard AND card.id = move.card_id;

ALTER TABLE move ALTER COLUMN issuer_id SET NOT NULL;
CREATE INDEX move_of_issuer ON move (issuer_id, card_id, name);
CREATE INDEX move_of_issuer_by_state ON move (issuer_id, state, card_id, name);

-- Whose grants end when, of one organisation's alone.
CREATE INDEX person_grant_ending_of_issuer ON person_grant (issuer_id, until_at, id);
CREATE INDEX person_grant_ending_of_merchant ON person_grant (merchant_id, until_at, id);
CREATE INDEX person_grant_ending_of_store ON person_grant (store_id, until_at, id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (issuer_id) ON move TO posswitch_poster, posswitch_office;
GRANT SELECT (issuer_id) ON move TO posswitch_reader;
