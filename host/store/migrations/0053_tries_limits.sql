-- How many wrong activation passwords are looked at, and for how long they count, become settings
-- of the office.

INSERT INTO office_setting (name, value) VALUES
('tries_of_source_max', 5),
('tries_of_card_max', 5),
('tries_minutes', 60);
