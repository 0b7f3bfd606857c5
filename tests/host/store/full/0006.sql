-- A sale that an external issuer approved, on the open day, and what the switch reported.

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
) VALUES (
    0, 'pos/80010001/000013/000001/f', 2465000000001, 0, 10, 'purchase', '\xaa', 'approved', false,
    '\x93a8617070726f766564ac363135333930303030313233a6413132333435', 0, '80010001', '2026-10-01',
    '2026-10-01 09:00:00+00'
);

INSERT INTO journal (
    shard, id, seal, home, slot, kind, original_id, card_id, issuer_id, merchant_id, terminal_id,
    amount_minor, unit, business_date
) VALUES (
    0, 2465000000001, 10, 0, 'pos/80010001/000013/000001/f', 'purchase', NULL, 0, 1, 1, '80010001', 2500,
    'CNY', '2026-10-01'
);

INSERT INTO entry (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
) VALUES (0, 2465000000001, 0, 101, 4, 2500, 'CNY', '2026-10-01');

INSERT INTO seal (shard, seq, previous, digest, items, business_date, sealed_at) VALUES (
    0, 10, '\xf44422efb28418628391c7d0572693df158a88b3b2c15f0c936c51b84031bdbc',
    '\xaccc744a2cf6960a2aec4c5f5d3142f1c6865bb916540eeea081d3a7cf1de9f4', 1, '2026-10-01',
    '2026-10-01 09:00:00+00'
);

INSERT INTO advice (shard, journal_id, reference, auth_code, pan_masked) VALUES
(0, 2465000000001, '615390000123', 'A12345', '622588******0001');

INSERT INTO case_report (slot, detail, reported_at) VALUES
('pos/80010001/000013/000001/f', 'the issuer was not reached', '2026-10-01 09:00:00+00');
