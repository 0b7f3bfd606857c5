-- What was used of limits, and which rules decided: only where a rule is about a message.

-- name: usage_of_cards
-- Counters of cards, which only the writer of their shard counts in.
SELECT
    u.counter,
    u.period,
    u.used_by,
    u.subject,
    u.period_from,
    u.times,
    u.amount_minor
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::text []) AS counter,
        unnest(%s::text []) AS period,
        unnest(%s::text []) AS used_by,
        unnest(%s::text []) AS subject
) AS k
INNER JOIN usage_counter AS u
    ON
        k.shard = u.shard
        AND k.counter = u.counter
        AND k.period = u.period
        AND k.used_by = u.used_by
        AND k.subject = u.subject;

-- name: begin_usage
-- Counters in which writers of several shards count are there before they are held, each of them.
INSERT INTO usage_counter AS t (shard, counter, period, used_by, subject, period_from)
SELECT
    k.shard,
    k.counter,
    k.period,
    k.used_by,
    k.subject,
    k.period_from
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::text []) AS counter,
        unnest(%s::text []) AS period,
        unnest(%s::text []) AS used_by,
        unnest(%s::text []) AS subject,
        unnest(%s::date []) AS period_from
) AS k
ORDER BY k.shard, k.counter, k.period, k.used_by, k.subject
ON CONFLICT (shard, counter, period, used_by, subject) DO NOTHING;

-- name: hold_usage
-- The same, held until COMMIT, in one order for everybody: who counts next sees what we have used.
SELECT
    u.counter,
    u.period,
    u.used_by,
    u.subject,
    u.period_from,
    u.times,
    u.amount_minor
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::text []) AS counter,
        unnest(%s::text []) AS period,
        unnest(%s::text []) AS used_by,
        unnest(%s::text []) AS subject
) AS k
INNER JOIN usage_counter AS u
    ON
        k.shard = u.shard
        AND k.counter = u.counter
        AND k.period = u.period
        AND k.used_by = u.used_by
        AND k.subject = u.subject
ORDER BY u.shard, u.counter, u.period, u.used_by, u.subject
FOR UPDATE OF u;

-- name: count_usage
-- As it is now: of a card nobody else counts in it, and all others are held since they were read.
INSERT INTO usage_counter AS t (
    shard, counter, period, used_by, subject, period_from, times, amount_minor
)
SELECT
    unnest(%s::smallint []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::date []),
    unnest(%s::bigint []),
    unnest(%s::bigint [])
ON CONFLICT (shard, counter, period, used_by, subject) DO UPDATE
    SET
        period_from = excluded.period_from,
        times = excluded.times,
        amount_minor = excluded.amount_minor;

-- name: tell_rules
-- Which rule decided an exchange, or counted it.
INSERT INTO rule_told (
    shard, exchange_id, rule_id, rule_version, outcome, period, used_by, subject, period_from,
    times, amount_minor, had_times, had_minor, asked_minor, goods
)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::integer []),
    unnest(%s::smallint []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::date []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::bigint []),
    unnest(%s::text []);

-- name: told_of
-- What exchanges counted that may be undone now.
SELECT
    r.exchange_id,
    r.rule_id,
    r.rule_version,
    r.outcome,
    r.period,
    r.used_by,
    r.subject,
    r.period_from,
    r.times,
    r.amount_minor,
    r.had_times,
    r.had_minor,
    r.asked_minor,
    r.goods
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN rule_told AS r ON k.shard = r.shard AND k.id = r.exchange_id
WHERE r.outcome <> 'denied';
