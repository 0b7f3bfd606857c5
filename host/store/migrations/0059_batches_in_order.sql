-- Card batches and their parts are numbered one after the other: the next follows on the last that
-- is there, so what was undone leaves no gap.
DROP SEQUENCE card_batch_number;
DROP SEQUENCE card_part_number;
