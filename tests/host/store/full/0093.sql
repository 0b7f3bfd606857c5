-- An earn rule with caps of a day and a month, and what a sale counted of the first.

UPDATE earn_rule SET
    points_max_day = 900,
    points_max_month = 9000
WHERE programme = 'RED' AND code = 'DOUBLE';

INSERT INTO earn_counted (
    shard, journal_id, unit, period, period_from, rule, since, points, had_points, asked_points
)
VALUES (0, 2465000000960, 'P:RED', 'day', '2026-10-01', 'DOUBLE', '2026-10-01', 50, 0, 50);

INSERT INTO usage_counter (
    shard, counter, period, used_by, subject, period_from, times, amount_minor
)
SELECT
    shard,
    'earn/RED/DOUBLE',
    'day',
    'card',
    card_id::text,
    '2026-10-01',
    0,
    50
FROM journal
WHERE shard = 0 AND id = 2465000000960;
