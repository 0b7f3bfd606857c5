-- Lots of a card that expire on the same day have one key, so they share one entry of the index:
-- most that a card earns in a month. Which of them was first is asked of those of that day alone.
DROP INDEX lot_unspent;
CREATE INDEX lot_unspent ON lot (shard, account_id, expires_on) WHERE remaining <> 0;
