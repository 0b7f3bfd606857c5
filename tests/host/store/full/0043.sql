-- A part of cards that came from another system.

UPDATE card_batch_part SET brings_value = true WHERE id = 1;
