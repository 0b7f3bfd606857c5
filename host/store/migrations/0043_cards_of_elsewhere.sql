-- Cards of another system come as a part of their own, with what they have.
ALTER TABLE card_batch_part ADD COLUMN brings_value boolean NOT NULL DEFAULT false;
GRANT UPDATE (brings_value) ON card_batch_part TO posswitch_office;
GRANT SELECT (brings_value) ON card_batch_part TO posswitch_reader;
