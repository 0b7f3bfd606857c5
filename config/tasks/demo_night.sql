-- What the demo tells of its night.

-- name: settled_points
-- Of points of alliances, by what was done with them.
SELECT
    s.act,
    sum(s.points)::bigint AS points,
    sum(s.amount_minor)::bigint AS amount_minor,
    s.unit
FROM alliance_settlement AS s
WHERE s.business_date = %(business_date)s AND s.act <> 'held'
GROUP BY s.act, s.unit
ORDER BY s.act, s.unit;
