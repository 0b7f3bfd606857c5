-- Anybody is told of a card by its number: so many times a minute from one place, with the
-- seal that each step is under.
INSERT INTO office_setting (name, value) VALUES ('traces_a_minute_max', 10);
GRANT SELECT (seal) ON journal TO posswitch_office;
GRANT SELECT (shard, seq, previous, digest) ON seal TO posswitch_office;
GRANT SELECT (number, body, signature) ON signed_head TO posswitch_office;
