-- What a day did, for rules to be held against it once more.

-- name: day_as_it_was
-- All that rules may be about, in the order in which it was decided. Read through a cursor.
SELECT
    e.id,
    e.slot,
    e.kind,
    e.reason,
    e.answer,
    e.terminal_id,
    c.id,
    c.issuer_id,
    c.part_id,
    c.member_id,
    j.amount_minor,
    j.unit,
    j.original_id,
    told.rows,
    kept.hold_id,
    kept.change_minor,
    kept.returned_minor,
    kept.used_minor
FROM exchange AS e
INNER JOIN card AS c ON e.shard = c.shard AND e.card_id = c.id
LEFT JOIN journal AS j ON e.shard = j.shard AND e.id = j.id
LEFT JOIN LATERAL (
    SELECT
        json_agg(
            json_build_array(
                t.rule_id, t.rule_version, t.outcome, t.period, t.used_by, t.subject,
                t.period_from, t.times, t.amount_minor, t.had_times, t.had_minor, t.asked_minor,
                t.goods
            )
        ) AS rows
    FROM rule_told AS t
    WHERE t.shard = e.shard AND t.exchange_id = e.id
) AS told ON true
LEFT JOIN LATERAL (
    SELECT
        max(f.hold_id) AS hold_id,
        sum(
            CASE
                WHEN f.fact = any(%(keeps)s) THEN f.amount_minor
                ELSE -f.amount_minor
            END
        )::bigint AS change_minor,
        coalesce(sum(f.amount_minor) FILTER (WHERE f.fact = 'returned'), 0)::bigint
            AS returned_minor,
        coalesce(sum(f.amount_minor) FILTER (WHERE f.fact = 'used'), 0)::bigint AS used_minor
    FROM hold_fact AS f
    WHERE f.shard = e.shard AND f.journal_id = e.id AND f.fact <> 'opened'
) AS kept ON true
WHERE
    e.business_date = %(day)s
    AND NOT e.is_tombstone
    AND e.kind = any(%(kinds)s)
ORDER BY e.decided_at, e.id;

-- name: rules_to_try
-- What is in force, is to be, or is written as a draft.
SELECT r.* FROM rule_version AS r
WHERE r.state IN ('active', 'draft')
ORDER BY r.id, r.version;

-- name: day_known
-- Whether there was such a business date, and which is open.
SELECT
    exists(SELECT FROM business_day WHERE business_date = %(day)s) AS is_known,
    (SELECT d.business_date FROM business_day AS d WHERE d.state = 'open') AS today;
