-- Indexes for what would otherwise be read whole once there is much of it.

-- The lots that a redemption takes from, in the order in which it takes them; spent ones are in
-- no index but their key's. Lots in debt are few and always looked at.
CREATE INDEX lot_unspent ON lot (shard, account_id, expires_on, id) WHERE remaining <> 0;
CREATE INDEX lot_in_debt ON lot (shard, account_id) WHERE remaining < 0;

-- House accounts among those of all cards, as every start reads them.
CREATE INDEX account_of_house ON account (id) WHERE card_id IS NULL;

-- A terminal's last batches, and the cases that are open, for people.
CREATE INDEX terminal_batch_of_terminal ON terminal_batch (terminal_id, settled_at);
CREATE INDEX case_open ON exception_case (id) WHERE resolved_at IS NULL;
