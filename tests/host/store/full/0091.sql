-- A rule of an alliance.

INSERT INTO alliance (id, code, name) VALUES (80, 'PIER', 'Pier circle');
INSERT INTO rule (id, version, name, state, alliance_id, says, goods, made_by, made_at)
VALUES (
    92, 1, 'No spirits', 'draft', 80, 'deny', '{SPIRITS}', 'ma', '2026-10-02 09:00:00+00'
);
