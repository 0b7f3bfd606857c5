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
