-- Holds: those that a batch names or undoes something of, and what becomes of them.

-- name: holds
-- Each with what became of it, in turns. By what a slip says of a card, by numbers, and by journals
-- that touched them.
WITH named AS (
    SELECT
        h.shard,
        h.id
    FROM (
        SELECT
            unnest(%s::smallint []) AS shard,
            unnest(%s::bigint []) AS card_id,
            unnest(%s::integer []) AS code
    ) AS k
    INNER JOIN hold AS h ON k.shard = h.shard AND k.card_id = h.card_id AND k.code = h.code
    UNION
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS id
    UNION
    SELECT
        f.shard,
        f.hold_id
    FROM (
        SELECT
            unnest(%s::smallint []) AS shard,
            unnest(%s::bigint []) AS journal_id
    ) AS k
    INNER JOIN hold_fact AS f ON k.shard = f.shard AND k.journal_id = f.journal_id
)

SELECT
    h.id,
    h.shard,
    h.card_id,
    h.account_id,
    h.unit,
    h.owner,
    coalesce(h.merchant_id, 0),
    h.amount_minor,
    h.held_minor,
    h.opened_at,
    h.expires_at,
    h.ended_by,
    (
        SELECT count(*)
        FROM undo AS u
        WHERE u.shard = h.shard AND u.original_id = h.id AND u.kind = 'reversal'
    ) > 0 AS was_reversed,
    f.journal_id,
    f.fact,
    f.amount_minor
FROM named AS n
INNER JOIN hold AS h ON n.shard = h.shard AND n.id = h.id
INNER JOIN hold_fact AS f ON h.shard = f.shard AND h.id = f.hold_id
ORDER BY h.id ASC, f.turn ASC;

-- name: add_holds
-- Something of a purse is kept for somebody.
-- notes: hold
INSERT INTO hold AS t (
    shard, id, code, card_id, issuer_id, account_id, unit, owner, merchant_id, terminal_id,
    amount_minor, held_minor, opened_at, expires_at
)
SELECT
    r.shard,
    r.id,
    r.code,
    r.card_id,
    r.issuer_id,
    r.account_id,
    r.unit,
    r.owner,
    nullif(r.merchant_id, 0),
    nullif(r.terminal_id, ''),
    r.amount_minor,
    r.amount_minor,
    r.opened_at,
    r.expires_at
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS id,
        unnest(%s::integer []) AS code,
        unnest(%s::bigint []) AS card_id,
        unnest(%s::smallint []) AS issuer_id,
        unnest(%s::bigint []) AS account_id,
        unnest(%s::text []) AS unit,
        unnest(%s::text []) AS owner,
        unnest(%s::integer []) AS merchant_id,
        unnest(%s::text []) AS terminal_id,
        unnest(%s::bigint []) AS amount_minor,
        unnest(%s::timestamptz []) AS opened_at,
        unnest(%s::timestamptz []) AS expires_at
) AS r;

-- name: add_hold_facts
-- What became of holds: hold_fact_once makes the nth of each unique.
-- notes: hold_fact
INSERT INTO hold_fact AS t (shard, hold_id, turn, journal_id, fact, amount_minor)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::text []),
    unnest(%s::bigint []);

-- name: change_holds
-- What they are for and have left, by difference, a row once; hold_not_more has the last word.
-- notes: hold
UPDATE hold AS t SET
    amount_minor = t.amount_minor + r.amount,
    held_minor = t.held_minor + r.held,
    ended_by = r.ended_by
FROM (
    SELECT
        c.shard,
        c.id,
        sum(c.amount)::bigint AS amount,
        sum(c.held)::bigint AS held,
        (array_agg(c.ended_by ORDER BY c.turn DESC))[1] AS ended_by
    FROM (
        SELECT
            unnest(%s::smallint []) AS shard,
            unnest(%s::bigint []) AS id,
            unnest(%s::smallint []) AS turn,
            unnest(%s::bigint []) AS amount,
            unnest(%s::bigint []) AS held,
            unnest(%s::text []) AS ended_by
    ) AS c
    GROUP BY c.shard, c.id
) AS r
WHERE t.shard = r.shard AND t.id = r.id;

-- name: due
-- Pre-authorisations that are over, behind the last one seen, with how much became of each: along
-- the index of those that have something left.
SELECT
    h.expires_at,
    h.shard,
    h.id,
    (
        SELECT count(*) FROM hold_fact AS f
        WHERE f.shard = h.shard AND f.hold_id = h.id
    ) AS turns,
    c.pan_hash
FROM hold AS h
INNER JOIN card AS c ON h.shard = c.shard AND h.card_id = c.id
WHERE
    h.owner = 'preauth'
    AND h.held_minor > 0
    AND h.expires_at <= %(now)s
    AND (h.expires_at, h.shard, h.id) > (%(moment)s, %(shard)s, %(number)s)
ORDER BY h.expires_at ASC, h.shard ASC, h.id ASC
LIMIT %(limit)s;
