-- What cards have lives by shard: their shard is first in each key, and they point at nothing else.
-- Numbers of cards are given once, and of issuers that are there: the audit asks both.

ALTER TABLE card
DROP CONSTRAINT card_id_key,
DROP CONSTRAINT card_issuer_id_fkey,
ADD CONSTRAINT card_numbered UNIQUE (shard, id);
-- Who looks has a card's number and not its shard.
CREATE INDEX card_by_number ON card (id);

GRANT SELECT (shard) ON card TO posswitch_night;
