-- The audit's questions about what is held back of merchants. As in audit.sql, each statement gives
-- the rows that break its rule.

-- name: reserve_not_its_terms
-- What is held of a date is the share that the merchant's terms of that date say, of what its
-- statement comes to without reserves, half to even, until so many days later; nothing is held
-- beside that, and nothing less.
WITH said AS (
    SELECT
        s.business_date,
        s.merchant_id,
        s.issuer_id,
        s.unit,
        s.payable_minor - s.reserved_minor AS base_minor,
        t.id AS terms_id,
        s.business_date + t.held_days AS due_on,
        (s.payable_minor - s.reserved_minor) * t.millionths + 500000 AS scaled
    FROM settlement_statement AS s
    INNER JOIN clearing_step AS step
        ON s.business_date = step.business_date AND step.step = 'reserves'
    INNER JOIN reserve_terms AS t
        ON
            s.merchant_id = t.merchant_id
            AND s.business_date >= t.since
            AND NOT EXISTS (
                SELECT FROM reserve_terms AS later
                WHERE
                    later.merchant_id = t.merchant_id
                    AND later.since > t.since
                    AND later.since <= s.business_date
            )
    WHERE s.payable_minor > s.reserved_minor
),

told AS (
    SELECT
        said.*,
        said.scaled / 1000000
        - CASE
            WHEN mod(said.scaled, 1000000) = 0 AND mod(said.scaled / 1000000, 2) = 1 THEN 1
            ELSE 0
        END AS amount_minor
    FROM said
),

wanted AS (
    SELECT * FROM told
    WHERE amount_minor > 0
),

kept AS (
    SELECT h.*
    FROM reserve_held AS h
    INNER JOIN clearing_step AS step
        ON h.business_date = step.business_date AND step.step = 'statements'
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    coalesce(kept.unit, wanted.unit) AS unit,
    kept.amount_minor AS held_minor,
    wanted.amount_minor
FROM kept
FULL JOIN wanted USING (business_date, merchant_id, issuer_id)
WHERE
    (
        kept.unit, kept.terms_id, kept.base_minor, kept.amount_minor, kept.due_on
    ) IS DISTINCT FROM (
        wanted.unit, wanted.terms_id, wanted.base_minor, wanted.amount_minor, wanted.due_on
    )
ORDER BY business_date, merchant_id, issuer_id
LIMIT %(limit)s;

-- name: reserve_not_its_journal
-- A journal of the night holds what is held of its date, or lets go of what it is said to, between
-- the two whose it is.
WITH told AS (
    SELECT
        h.journal_id,
        h.business_date,
        'reserve_held' AS kind,
        h.merchant_id,
        h.issuer_id,
        h.unit,
        h.amount_minor
    FROM reserve_held AS h
    UNION ALL
    SELECT
        r.journal_id,
        r.released_on,
        'reserve_released',
        h.merchant_id,
        h.issuer_id,
        h.unit,
        sum(h.amount_minor)::bigint
    FROM reserve_released AS r
    INNER JOIN reserve_held AS h USING (business_date, merchant_id, issuer_id)
    GROUP BY r.journal_id, r.released_on, h.merchant_id, h.issuer_id, h.unit
),

posted AS (
    SELECT
        j.id AS journal_id,
        j.business_date,
        j.kind,
        j.merchant_id,
        j.issuer_id,
        j.unit,
        sum(e.amount_minor)::bigint AS amount_minor
    FROM journal AS j
    INNER JOIN entry AS e ON j.shard = e.shard AND j.id = e.journal_id
    WHERE j.kind IN ('reserve_held', 'reserve_released')
    GROUP BY j.id, j.business_date, j.kind, j.merchant_id, j.issuer_id, j.unit
)

SELECT
    journal_id,
    coalesce(told.business_date, posted.business_date) AS business_date,
    coalesce(told.unit, posted.unit) AS unit,
    told.amount_minor AS told_minor,
    posted.amount_minor AS posted_minor
FROM told
FULL JOIN posted USING (journal_id)
WHERE
    (
        told.business_date, told.kind, told.merchant_id, told.issuer_id, told.unit,
        told.amount_minor
    ) IS DISTINCT FROM (
        posted.business_date, posted.kind, posted.merchant_id, posted.issuer_id, posted.unit,
        posted.amount_minor
    )
ORDER BY journal_id
LIMIT %(limit)s;

-- name: reserve_not_in_time
-- What is held is let go by the first night of or after its day, and by none before.
WITH told AS (
    SELECT
        h.business_date,
        h.merchant_id,
        h.issuer_id,
        h.unit,
        h.amount_minor,
        h.due_on,
        r.released_on,
        (
            SELECT min(s.business_date) FROM clearing_step AS s
            WHERE s.step = 'reserves' AND s.business_date >= h.due_on
        ) AS wanted_on
    FROM reserve_held AS h
    LEFT JOIN reserve_released AS r USING (business_date, merchant_id, issuer_id)
)

SELECT
    business_date,
    merchant_id,
    issuer_id,
    unit,
    amount_minor,
    due_on,
    released_on
FROM told
WHERE released_on < due_on OR wanted_on < coalesce(released_on, 'infinity')
ORDER BY business_date, merchant_id, issuer_id
LIMIT %(limit)s;
