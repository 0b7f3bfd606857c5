-- Lots are numbered as the journals that earned them, so a key in their order grows at its end, as
-- the journal's own does; by account first, each lot went into a page of its own.
ALTER TABLE lot
DROP CONSTRAINT lot_once,
ADD CONSTRAINT lot_once PRIMARY KEY (shard, id, account_id);
