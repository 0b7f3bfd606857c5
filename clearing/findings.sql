-- Whether a date is whole, and what of it is still open.

-- name: lay_out_seals
-- The seals of the date, shard by shard: behind the last one of the date before, up to the cut.
-- What the night seals comes later. `fitting` are those that follow the one before them.
CREATE TEMPORARY TABLE day_seal AS
SELECT
    bound.shard,
    bound.behind,
    bound.upto,
    count(link.seq) AS seals,
    coalesce(sum(link.fits::integer), 0)::bigint AS fitting,
    coalesce(sum(link.items), 0)::bigint AS items
FROM (
    SELECT
        wanted.shard,
        last.seq AS upto,
        last.digest,
        coalesce(checkpoint.seq, 0) AS behind,
        coalesce(checkpoint.digest, decode(repeat('00', 32), 'hex')) AS begins
    FROM unnest(%(shards)s::smallint []) AS wanted (shard)
    INNER JOIN LATERAL (
        SELECT
            seal.seq,
            seal.digest
        FROM seal
        WHERE seal.shard = wanted.shard AND seal.business_date <= %(business_date)s
        ORDER BY seal.seq DESC
        LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT
            checkpoint_seal.seq,
            checkpoint_seal.digest
        FROM checkpoint_seal
        WHERE
            checkpoint_seal.shard = wanted.shard
            AND checkpoint_seal.business_date < %(business_date)s
        ORDER BY checkpoint_seal.business_date DESC
        LIMIT 1
    ) AS checkpoint ON true
    WHERE wanted.shard <> %(night_shard)s
) AS bound
LEFT JOIN LATERAL (
    SELECT
        seal.seq,
        seal.items,
        seal.previous = lag(seal.digest, 1, bound.begins) OVER (ORDER BY seal.seq) AS fits
    FROM seal
    WHERE seal.shard = bound.shard AND seal.seq > bound.behind AND seal.seq <= bound.upto
) AS link ON true
GROUP BY bound.shard, bound.behind, bound.upto;

-- name: analyze_seals
-- Joins are planned for the rows that are there.
ANALYZE day_seal;

-- name: drop_day_seal
-- The run has ended, or another that was killed on this connection had.
DROP TABLE IF EXISTS day_seal;

-- name: broken_shards
-- Shards whose seals of the date have a gap, or do not follow each other.
SELECT
    shard,
    upto - behind AS expected,
    fitting
FROM day_seal
WHERE fitting <> upto - behind
ORDER BY shard;

-- name: short_shards
-- Shards that do not have as many exchanges of the date as their seals cover: along the date's own
-- pages.
WITH there AS (
    SELECT
        exchange.shard,
        count(*) AS exchanges
    FROM exchange
    WHERE exchange.business_date = %(business_date)s
    GROUP BY exchange.shard
)

SELECT
    day_seal.shard,
    day_seal.items,
    coalesce(there.exchanges, 0) AS exchanges
FROM day_seal
LEFT JOIN there ON there.shard = day_seal.shard
WHERE day_seal.items <> coalesce(there.exchanges, 0)
ORDER BY day_seal.shard;

-- name: foreign_numbers
-- Journals of the date whose number no writer was ever given.
WITH given AS (
    SELECT
        %(first_number)s::bigint + coalesce(max(number_block.next_number), 0) AS end_number
    FROM number_block
    WHERE number_block.business_date = %(business_date)s
)

SELECT
    journal.shard,
    journal.id
FROM given
CROSS JOIN
    LATERAL (
        SELECT
            posted.shard,
            posted.id
        FROM journal AS posted
        WHERE
            posted.shard = any(%(shards)s::smallint [])
            AND posted.id >= given.end_number
            AND posted.id < %(end_number)s
        ORDER BY posted.id
        LIMIT 20
    ) AS journal
ORDER BY journal.shard, journal.id;

-- name: count_sealed
-- For the step's detail.
SELECT
    coalesce(sum(items), 0)::bigint AS exchanges,
    coalesce(sum(seals), 0)::bigint AS seals
FROM day_seal;

-- name: seal_lines
-- What the date's seals cover, shard by shard.
SELECT concat_ws('|', shard, behind, upto, items) AS line
FROM day_seal;

-- What is open. ---------------------------------------------------------------------------

-- name: batches_open
-- Batches that traded under the date and were not settled.
SELECT
    concat_ws('/', traded.channel, traded.terminal_id, traded.batch) AS subject,
    traded.items
FROM (
    SELECT
        channel,
        terminal_id,
        batch,
        count(*) AS items
    FROM day_line
    WHERE is_main AND terminal_id <> ''
    GROUP BY channel, terminal_id, batch
) AS traded
LEFT JOIN terminal_batch
    ON
        terminal_batch.institution = traded.channel
        AND terminal_batch.terminal_id = traded.terminal_id
        AND terminal_batch.epoch = traded.batch
WHERE terminal_batch.epoch IS NULL
ORDER BY traded.channel COLLATE "C", traded.terminal_id COLLATE "C", traded.batch COLLATE "C"
LIMIT %(limit)s;

-- name: batches_unfinished
-- Batches that were settled under the date and have not ended.
SELECT
    concat_ws('/', institution, terminal_id, epoch) AS subject,
    1::bigint AS items
FROM terminal_batch
WHERE state <> 'closed' AND business_date = %(business_date)s
ORDER BY institution COLLATE "C", terminal_id COLLATE "C", epoch COLLATE "C"
LIMIT %(limit)s;

-- name: batches_timed_out
-- Batches that were settled under the date before, had a day, and have not ended.
SELECT
    concat_ws('/', institution, terminal_id, epoch) AS subject,
    1::bigint AS items
FROM terminal_batch
WHERE state <> 'closed' AND business_date = %(business_date)s::date - 1
ORDER BY institution COLLATE "C", terminal_id COLLATE "C", epoch COLLATE "C"
LIMIT %(limit)s;

-- name: exceptions_open
-- Cases that nobody has resolved, by their kind.
SELECT
    kind AS subject,
    count(*) AS items
FROM exception_case
WHERE resolved_at IS NULL
GROUP BY kind
ORDER BY kind COLLATE "C"
LIMIT %(limit)s;

-- name: points_due
-- Whether points that expired with the date have not all been written off.
SELECT
    '' AS subject,
    1::bigint AS items
WHERE
    NOT EXISTS (
        SELECT FROM points_expiry WHERE business_date > %(business_date)s
    )
ORDER BY subject
LIMIT %(limit)s;

-- name: holds_due
-- Pre-authorisations that were over before the date was closed, and hold something.
SELECT
    '' AS subject,
    count(*) AS items
FROM (
    SELECT
    FROM hold
    WHERE
        hold.owner = 'preauth'
        AND hold.held_minor > 0
        AND hold.expires_at <= (
            SELECT closed_at FROM business_day WHERE business_date = %(business_date)s
        )
    ORDER BY hold.expires_at
    LIMIT %(limit)s
) AS due
HAVING count(*) > 0;

-- name: gifts_due
-- Gifts that nobody had claimed in their time when the date was closed.
SELECT
    '' AS subject,
    count(*) AS items
FROM (
    SELECT
    FROM gift
    WHERE
        gift.state = 'reserved'
        AND gift.due_at <= (
            SELECT closed_at FROM business_day WHERE business_date = %(business_date)s
        )
    ORDER BY gift.due_at
    LIMIT %(limit)s
) AS due
HAVING count(*) > 0;

-- name: moves_open
-- Value that was on its way between cards when the date was closed, and still is.
SELECT
    '' AS subject,
    count(*) AS items
FROM (
    SELECT move.asked_at
    FROM move
    WHERE move.state = 'open'
    ORDER BY move.shard, move.card_id, move.name
    LIMIT %(limit)s
) AS due
WHERE
    due.asked_at <= (
        SELECT closed_at FROM business_day WHERE business_date = %(business_date)s
    )
HAVING count(*) > 0;

-- name: cards_due
-- Cards whose last day the date was, or one before, and that stand as if it were not.
SELECT
    '' AS subject,
    count(*) AS items
FROM (
    SELECT
    FROM card_batch_part AS part
    INNER JOIN card_batch AS made ON part.batch_id = made.id AND made.state <> 'voided'
    INNER JOIN product_version AS version
        ON made.product_id = version.product_id AND made.product_version = version.version
    CROSS JOIN
        LATERAL (
            SELECT
            FROM card
            WHERE
                card.part_id = part.id
                AND card.status = any(%(expiring)s::text [])
                AND card.status NOT IN ('voided', 'replaced')
                AND card.valid_to <= %(business_date)s::date - version.grace_days
            ORDER BY card.status, card.valid_to
            LIMIT %(limit)s
        ) AS over
    ORDER BY part.id
    LIMIT %(limit)s
) AS due
HAVING count(*) > 0;

-- name: clock_runs
-- A host is there whose clock may still do it: it writes shards, and has kept up so far.
SELECT points_expiry.business_date
FROM points_expiry
WHERE
    points_expiry.business_date = %(business_date)s
    AND EXISTS (
        SELECT FROM pg_locks
        WHERE
            pg_locks.locktype = 'advisory'
            AND pg_locks.classid = %(shard_locks)s::oid
            AND pg_locks.granted
    );

-- What was found. -------------------------------------------------------------------------

-- name: record_findings
-- In the transaction of the step.
-- notes: clearing_finding together
INSERT INTO clearing_finding AS t (business_date, step, name, subject, items)
SELECT
    %(business_date)s::date,
    %(step)s,
    unnest(%(names)s::text []),
    unnest(%(subjects)s::text []),
    unnest(%(items)s::bigint []);

-- name: findings
-- What the steps of a date found.
SELECT
    step,
    name,
    subject,
    items
FROM clearing_finding
WHERE business_date = %(business_date)s
ORDER BY step COLLATE "C", name COLLATE "C", subject COLLATE "C";

-- name: completeness_lines
-- What the step found open.
SELECT concat_ws('|', name, subject, items) AS line
FROM clearing_finding
WHERE business_date = %(business_date)s AND step = 'completeness';

-- name: clock_lines
-- What the step found open.
SELECT concat_ws('|', name, subject, items) AS line
FROM clearing_finding
WHERE business_date = %(business_date)s AND step = 'clock';
