-- A merchant's own programme.

UPDATE programme SET merchant_id = (SELECT min(id) FROM merchant) WHERE NOT is_primary;
