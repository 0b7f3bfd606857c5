-- A card that has expired keeps how it stood, so that a later last day brings that back: a frozen
-- one stays frozen. What was sent to who sells it, sold there and taken back is in their stock
-- again.
ALTER TABLE card ADD COLUMN expired_from text;

UPDATE card SET sale = 'allocated'
WHERE sale = 'unsold' AND shipment_id IS NOT NULL;

-- Moves are looked at in their cards' order, by state, by batch, and from the card they go to.
DROP INDEX move_of_card;
CREATE INDEX move_in_order ON move (card_id, name);
CREATE INDEX move_by_state ON move (state, card_id, name);
CREATE INDEX move_of_part ON move ((card_id >> 32), card_id, name);
CREATE INDEX move_open_to ON move (to_shard, to_card) WHERE state = 'open';
CREATE INDEX transit_open_to ON transit (to_shard, to_card) WHERE is_open;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (expired_from) ON card TO posswitch_office;
GRANT SELECT (expired_from) ON card TO posswitch_reader;
GRANT SELECT (shard, journal_id, to_shard, to_card, is_open) ON transit TO posswitch_office;
