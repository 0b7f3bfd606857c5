-- The zone of an external issuer.

INSERT INTO zone_key (name, block, check_value, entered_by, stored_at) VALUES
('shore', 'D0048K0TB00E0000A4', 'B1B2C6', 'alice, bob', '2026-10-01 08:00:00+00');
