-- An earn rule with all that one says, and a sale that earned by it.

INSERT INTO earn_rule (
    programme, code, since, until, name, amount_max_minor, points_max
)
VALUES ('RED', 'DOUBLE', '2026-10-01', '2026-10-31', 'Double points', 100000, 500);

INSERT INTO earned_by (shard, journal_id, unit, rule, since, points)
VALUES (0, 2465000000960, 'P:RED', 'DOUBLE', '2026-10-01', 50);
