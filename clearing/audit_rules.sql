-- The audit's questions about the house's own rules: what was told of them, and what was counted.
-- As in audit.sql, each statement gives the rows that break its rule.

-- name: told_not_its_exchange
-- What a rule had to do with an exchange is what became of it: whose, of how much, and by a version
-- that is there. What becomes of a hold is counted with its opening, by as much as it changes.
SELECT
    told.shard,
    told.exchange_id,
    told.rule_id,
    told.outcome
FROM rule_told AS told
LEFT JOIN exchange
    ON
        exchange.shard = told.shard
        AND exchange.id = told.exchange_id
        AND NOT exchange.is_tombstone
LEFT JOIN journal ON journal.shard = told.shard AND journal.id = told.exchange_id
LEFT JOIN rule ON rule.id = told.rule_id AND rule.version = told.rule_version
LEFT JOIN LATERAL (
    SELECT count(*) AS facts
    FROM hold_fact AS f
    WHERE f.shard = told.shard AND f.journal_id = told.exchange_id AND f.fact <> 'opened'
) AS hold ON true
WHERE
    exchange.id IS NULL
    OR rule.id IS NULL
    OR (told.outcome = 'denied') = (exchange.reason IN ('approved', 'partly_approved'))
    OR (
        told.outcome <> 'denied'
        AND journal.id IS NOT NULL
        AND (
            (
                (
                    rule.unit IN ('', journal.unit)
                    OR (rule.unit = 'P:' AND starts_with(journal.unit, 'P:'))
                )
                AND hold.facts = 0
                AND abs(told.amount_minor) <> journal.amount_minor
            )
            OR (told.used_by = 'card' AND told.subject <> journal.card_id::text)
        )
    )
    OR (
        told.outcome = 'counted'
        AND journal.original_id IS NULL
        AND hold.facts = 0
        AND CASE told.used_by
            WHEN 'terminal' THEN told.subject <> exchange.terminal_id
            WHEN 'merchant' THEN told.subject <> journal.merchant_id::text
            ELSE false
        END
    )
ORDER BY told.exchange_id
LIMIT %(limit)s;

-- name: usage_not_what_was_told
-- A counter is the sum of what exchanges of its period counted and gave back: of a rule of the
-- house, or of a cap on what a card earns by a rule of a programme.
WITH told AS (
    SELECT
        'rule/' || rule_id AS counter,
        period,
        used_by,
        subject,
        period_from,
        sum(times)::bigint AS times,
        sum(amount_minor)::bigint AS amount_minor
    FROM rule_told
    WHERE outcome <> 'denied'
    GROUP BY rule_id, period, used_by, subject, period_from
    UNION ALL
    SELECT
        concat_ws('/', 'earn', substr(earn_counted.unit, 3), earn_counted.rule),
        earn_counted.period,
        'card',
        journal.card_id::text,
        earn_counted.period_from,
        0,
        sum(earn_counted.points)::bigint
    FROM earn_counted
    INNER JOIN journal
        ON journal.shard = earn_counted.shard AND journal.id = earn_counted.journal_id
    GROUP BY
        earn_counted.unit, earn_counted.rule, earn_counted.period, journal.card_id,
        earn_counted.period_from
),

newest AS (
    SELECT DISTINCT ON (told.counter, told.period, told.used_by, told.subject) told.*
    FROM told
    ORDER BY
        told.counter ASC, told.period ASC, told.used_by ASC, told.subject ASC,
        told.period_from DESC
)

SELECT
    coalesce(used.counter, newest.counter) AS counter,
    coalesce(used.used_by, newest.used_by) AS used_by,
    coalesce(used.subject, newest.subject) AS subject,
    coalesce(used.times, 0) AS times,
    coalesce(newest.times, 0) AS told_times,
    coalesce(used.amount_minor, 0) AS used_amount,
    coalesce(newest.amount_minor, 0) AS told_amount
FROM usage_counter AS used
FULL JOIN newest
    ON
        newest.counter = used.counter
        AND newest.period = used.period
        AND newest.used_by = used.used_by
        AND newest.subject = used.subject
WHERE
    used.counter IS NULL
    OR newest.period_from > used.period_from
    OR (used.times, used.amount_minor) <> (
        CASE WHEN newest.period_from = used.period_from THEN newest.times ELSE 0 END,
        CASE WHEN newest.period_from = used.period_from THEN newest.amount_minor ELSE 0 END
    )
ORDER BY
    coalesce(used.counter, newest.counter),
    coalesce(used.used_by, newest.used_by),
    coalesce(used.subject, newest.subject)
LIMIT %(limit)s;

-- name: journal_uncounted
-- What a rule without conditions counts, it has counted of every journal of the open date since it
-- was activated. An alliance's is asked from the moment somebody is in it.
WITH today AS MATERIALIZED (
    SELECT
        journal.shard,
        journal.id,
        journal.kind,
        journal.issuer_id,
        journal.merchant_id,
        journal.card_id,
        journal.unit,
        journal.business_date,
        exchange.decided_at
    FROM journal
    INNER JOIN exchange ON exchange.home = journal.home AND exchange.slot = journal.slot
    WHERE
        journal.business_date = (SELECT business_date FROM business_day WHERE state = 'open')
        AND journal.card_id <> %(no_card)s
)

SELECT
    journal.shard,
    journal.id,
    rule.id AS rule_id
FROM rule
INNER JOIN today AS journal
    ON
        (rule.issuer_id IS NULL OR journal.issuer_id = rule.issuer_id)
        AND (rule.merchant_id IS NULL OR journal.merchant_id = rule.merchant_id)
        AND journal.business_date >= coalesce(rule.valid_from, journal.business_date)
        AND journal.business_date <= coalesce(rule.valid_to, journal.business_date)
LEFT JOIN rule_told AS told
    ON
        told.shard = journal.shard
        AND told.exchange_id = journal.id
        AND told.rule_id = rule.id
WHERE
    rule.state = 'active'
    AND rule.pack IS NULL
    AND rule.alliance_id IS NULL
    AND rule.says IN ('amount_max', 'count_max')
    AND rule.period <> 'transaction'
    AND rule.counted_by IN ('card', 'terminal', 'merchant')
    AND (
        journal.kind = any(rule.kinds)
        OR (rule.kinds = '{}' AND journal.kind = any(%(spending_kinds)s))
    )
    AND (
        rule.says = 'count_max'
        OR journal.unit = rule.unit
        OR (rule.unit = 'P:' AND starts_with(journal.unit, 'P:'))
    )
    AND cardinality(rule.products) + cardinality(rule.cards) + cardinality(rule.members) = 0
    AND cardinality(rule.merchants) + cardinality(rule.stores) + cardinality(rule.terminals) = 0
    AND cardinality(rule.categories) + cardinality(rule.regions) + cardinality(rule.channels) = 0
    AND cardinality(rule.goods) + cardinality(rule.weekdays) = 0
    AND rule.is_registered IS NULL
    AND rule.time_from = rule.time_until
    AND journal.decided_at > rule.activated_at + interval '5 minutes'
    AND told.rule_id IS NULL
    AND NOT EXISTS (
        SELECT FROM rule AS other
        WHERE
            other.state = 'active'
            AND other.says = rule.says
            AND other.period = rule.period
            AND other.counted_by = rule.counted_by
            AND other.issuer_id IS NOT DISTINCT FROM rule.issuer_id
            AND other.merchant_id IS NOT DISTINCT FROM rule.merchant_id
            AND (
                other.priority > rule.priority
                OR (other.id = rule.id AND other.version > rule.version)
            )
    )
ORDER BY journal.id
LIMIT %(limit)s;
