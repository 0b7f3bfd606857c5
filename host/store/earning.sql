-- What is kept of sales that earned by a rule.

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
