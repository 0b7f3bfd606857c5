-- A key ceremony half done, keys as key blocks, and a device that has come some way.

INSERT INTO terminal_key (
    terminal_id, usage, generation, block, check_value, stored_at, entered_by
) VALUES (
    '80010002', 'tmk', 1, 'D0048K0TB00E0000A1', 'B1B2C3', '2026-10-01 08:00:00+00', 'alice, bob'
);

INSERT INTO transport_key (name, block, check_value, entered_by, stored_at) VALUES
('partner', 'D0048K0TB00E0000A2', 'B1B2C4', 'alice, bob', '2026-10-01 08:00:00+00');

INSERT INTO key_component (
    target, number, count, block, check_value, entered_by, entered_at
) VALUES
('tmk/80010001', 1, 2, 'D0048K0TB00E0000A3', 'B1B2C5', 'alice', '2026-10-01 08:00:00+00');

INSERT INTO key_rotation (terminal_id, through_generation, asked_by, asked_at) VALUES
('80010001', 1, 'alice', '2026-10-01 08:00:00+00');

INSERT INTO terminal_counter (terminal_id, key_id, counter, slot) VALUES
('80010002', 'FFFF9876543210E0', 17, 'pos/80010002/000001/000017/f');
