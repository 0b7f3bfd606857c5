-- What a card may be worth that is registered to nobody becomes a setting of the office; in fen.

INSERT INTO office_setting (name, value) VALUES ('anonymous_minor_max', 100000);
