-- What is kept of sales that earned by a rule.

-- name: add_conversions
-- At which rate points of one programme became points of another.
-- notes: conversion
INSERT INTO conversion AS t (shard, journal_id, rate_id)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::integer []);

-- name: add_earned_by
-- Which row of a rule decided, in which unit, and what it gave.
-- notes: earned_by
INSERT INTO earned_by AS t (shard, journal_id, unit, rule, since, points)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::date []),
    unnest(%s::bigint []);

-- name: add_earn_counted
-- What was counted of a cap on what a card earns by a rule in a time, or given back.
-- notes: earn_counted
INSERT INTO earn_counted AS t (
    shard, journal_id, unit, period, period_from, rule, since, points, had_points, asked_points
)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::date []),
    unnest(%s::text []),
    unnest(%s::date []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []);

-- name: earn_counted_of
-- What originals counted that may be undone now.
SELECT
    c.journal_id,
    c.unit,
    c.period,
    c.period_from,
    c.rule,
    c.since,
    c.points,
    c.had_points,
    c.asked_points
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN earn_counted AS c ON k.shard = c.shard AND k.id = c.journal_id;

-- name: add_breakage
-- What was left on expired cards, of which products and months.
-- notes: breakage
INSERT INTO breakage AS t (shard, journal_id, product_id, month, amount_minor)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::integer []),
    unnest(%s::date []),
    unnest(%s::bigint []);
