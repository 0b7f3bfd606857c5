-- A store that says where it is.

UPDATE store SET coordinates = '31.230400,121.473700' WHERE id = 1;
