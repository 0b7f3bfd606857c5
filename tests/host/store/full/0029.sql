-- An issuer's second programme, and an alliance of an issuer and a merchant.

INSERT INTO alliance (id, code, name) VALUES (1, 'HARBOUR', 'Harbour circle');

INSERT INTO alliance_member (
    alliance_id, issuer_id, merchant_id, member_from, member_until, earns, redeems
) VALUES
(1, 1, NULL, '2026-09-01', NULL, true, true),
(1, NULL, 1, '2026-09-01', '2027-08-31', true, false);

INSERT INTO programme (
    code, issuer_id, alliance_id, name, earn_points, earn_per_minor, redemption_points_min,
    lot_months, debt_is_allowed, is_primary
) VALUES
('GREEN', 1, NULL, 'Green points', 1, 1000, 10, 12, false, false),
('SHARED', NULL, 1, 'Harbour points', 1, 1000, 10, 12, false, false);
