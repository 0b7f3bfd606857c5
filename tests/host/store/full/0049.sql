-- A card that has expired while it was frozen.

UPDATE card SET status = 'expired', expired_from = 'frozen' WHERE id = 4294967299;
