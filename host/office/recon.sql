-- What others say of a business date, held against what we have. Matching is done for all files of
-- a date together: what we have is laid out once, of each file's party, and counted before it is
-- read.

-- name: recon_day
-- Whether the date is closed: what we have of an open one is not all there will be.
SELECT d.state FROM business_day AS d WHERE d.business_date = %(business_date)s;

-- name: add_due
-- Who is to send a file of each date; what was said before of the same is said anew.
-- notes: recon_due
INSERT INTO recon_due AS t (source, merchant_id, issuer_id, port, since, until, said_by)
VALUES (%(source)s, %(merchant_id)s, %(issuer_id)s, %(port)s, %(since)s, %(until)s, %(by)s)
ON CONFLICT ON CONSTRAINT recon_due_once
DO UPDATE SET since = excluded.since, until = excluded.until, said_by = excluded.said_by;

-- name: add_recon_file
-- Once, and one of a date: its constraints say which of the two it is not.
-- notes: recon_file
INSERT INTO recon_file AS t (
    source, layout, merchant_id, issuer_id, port, business_date, unit, sha256, lines, sent_by,
    sent_at
)
VALUES (
    %(source)s, %(layout)s, %(merchant_id)s, %(issuer_id)s, %(port)s, %(business_date)s,
    %(unit)s, %(sha256)s, %(lines)s, %(by)s, %(now)s
)
RETURNING t.id;

-- name: add_recon_lines
-- All that stands in it.
-- notes: recon_line together
INSERT INTO recon_line AS t (
    file_id, line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor
)
SELECT
    %(file)s,
    told.line,
    told.rrn,
    told.terminal_id,
    told.batch,
    told.trace,
    told.traded_on,
    told.unit,
    told.amount_minor
FROM
    unnest(
        %(line)s::integer [], %(rrn)s::text [], %(terminal_id)s::text [], %(batch)s::text [],
        %(trace)s::text [], %(traded_on)s::date [], %(unit)s::text [], %(amount_minor)s::bigint []
    ) AS told (line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor);

-- name: add_recon_returns
-- Those of its lines that say that a payment came back.
-- notes: recon_return
INSERT INTO recon_return AS t (file_id, line, reason)
SELECT
    %(file)s,
    told.line,
    told.reason
FROM unnest(%(line)s::integer [], %(returned_for)s::text []) AS told (line, reason)
WHERE told.reason <> '';

-- Matching. -----------------------------------------------------------------------------------

-- name: hold_files
-- Those of a date that nobody has matched yet; whoever else is at them waits.
SELECT f.id FROM recon_file AS f
WHERE f.business_date = %(business_date)s AND f.matched_at IS NULL
ORDER BY f.id
FOR UPDATE;

-- name: plan_by_hash
-- Until the transaction ends: what is laid out is joined whole.
SELECT set_config('enable_nestloop', 'off', true);

-- name: plan_as_before
-- What is of few rows is looked up.
SELECT set_config('enable_nestloop', 'on', true);

-- name: lay_out_moved
-- What each journal of the date moved on accounts between a merchant and an issuer, of each file's
-- party: a range of the key in each shard, the night's own as well. As the files of the night have
-- it, so without fees and what is put up.
CREATE TEMPORARY TABLE recon_moved ON COMMIT DROP AS
WITH party AS (
    SELECT
        f.id AS file_id,
        a.id AS account_id,
        a.unit
    FROM recon_file AS f
    INNER JOIN account AS a ON f.merchant_id = a.merchant_id AND a.issuer_id IS NOT NULL
    WHERE
        f.id = any(%(files)s::bigint [])
        AND a.chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')
    UNION ALL
    SELECT
        f.id AS file_id,
        a.id AS account_id,
        a.unit
    FROM recon_file AS f
    INNER JOIN account AS a ON f.issuer_id = a.issuer_id AND a.merchant_id IS NOT NULL
    WHERE
        f.id = any(%(files)s::bigint [])
        AND a.chart NOT IN ('merchant_fees', 'alliance_fund', 'merchant_reserve')
),

side AS (
    SELECT
        party.file_id,
        e.shard,
        e.journal_id,
        party.unit,
        e.amount_minor
    FROM entry AS e
    INNER JOIN party ON e.credit_account = party.account_id
    WHERE
        e.shard = any(%(shards)s::smallint [])
        AND e.journal_id >= %(first_number)s
        AND e.journal_id < %(end_number)s
    UNION ALL
    SELECT
        party.file_id,
        e.shard,
        e.journal_id,
        party.unit,
        -e.amount_minor AS amount_minor
    FROM entry AS e
    INNER JOIN party ON e.debit_account = party.account_id
    WHERE
        e.shard = any(%(shards)s::smallint [])
        AND e.journal_id >= %(first_number)s
        AND e.journal_id < %(end_number)s
)

SELECT
    file_id,
    shard,
    journal_id,
    unit,
    sum(amount_minor)::bigint AS amount_minor
FROM side
GROUP BY file_id, shard, journal_id, unit
HAVING sum(amount_minor) <> 0;

-- name: analyze_moved
-- Joins are planned for the rows that are there.
ANALYZE recon_moved;

-- name: lay_out_ours
-- The same with what names it, and, of the bank's files, what is to be paid of the date: payouts
-- of it, and each merchant's positions that no payout has, under the end-to-end id of its payment.
-- Of ports' bills, what went over them on that day of theirs.
-- `place` is a line's number here.
CREATE TEMPORARY TABLE recon_ours ON COMMIT DROP AS
WITH ours AS (
    SELECT
        m.file_id,
        m.shard,
        m.journal_id AS number,
        m.unit,
        m.amount_minor,
        coalesce(nullif(told.reference, ''), rrn_of(m.journal_id)) AS rrn,
        coalesce(j.terminal_id, '') AS terminal_id,
        CASE WHEN j.terminal_id IS NULL THEN '' ELSE split_part(j.slot, '/', 3) END AS batch,
        CASE WHEN j.terminal_id IS NULL THEN '' ELSE split_part(j.slot, '/', 4) END AS trace
    FROM recon_moved AS m
    INNER JOIN journal AS j
        ON
            m.shard = j.shard
            AND m.journal_id = j.id
            AND j.shard = any(%(shards)s::smallint [])
            AND j.id >= %(first_number)s
            AND j.id < %(end_number)s
    LEFT JOIN LATERAL (
        SELECT known.reference
        FROM advice AS known
        WHERE j.card_id = 0 AND known.shard = j.shard AND known.journal_id = j.id
        ORDER BY known.journal_id
        LIMIT 1
    ) AS told ON true
    UNION ALL
    SELECT
        f.id AS file_id,
        NULL::smallint AS shard,
        NULL::bigint AS number,
        p.unit,
        sum(p.amount_minor)::bigint AS amount_minor,
        to_char(p.business_date, 'YYYYMMDD') || '-' || m.merchant_id AS rrn,
        '' AS terminal_id,
        '' AS batch,
        '' AS trace
    FROM recon_file AS f
    INNER JOIN position_part AS p ON f.business_date = p.business_date AND f.unit = p.unit
    INNER JOIN merchant AS m ON p.merchant_id = m.id
    WHERE
        f.id = any(%(files)s::bigint []) AND f.source = 'bank_statement'
        AND NOT EXISTS (
            SELECT FROM payout AS one
            WHERE
                one.business_date = p.business_date
                AND one.merchant_id = p.merchant_id
                AND one.unit = p.unit
        )
        AND NOT EXISTS (
            SELECT FROM settlement_statement AS s
            INNER JOIN payout_statement AS paid
                ON s.business_date = paid.business_date AND s.place = paid.place
            WHERE
                s.business_date = p.business_date
                AND s.merchant_id = p.merchant_id
                AND s.issuer_id = p.issuer_id
        )
    GROUP BY f.id, p.business_date, p.unit, m.merchant_id
    HAVING sum(p.amount_minor) <> 0
    UNION ALL
    SELECT
        f.id AS file_id,
        NULL::smallint AS shard,
        NULL::bigint AS number,
        one.unit,
        one.amount_minor,
        one.end_to_end_id AS rrn,
        '' AS terminal_id,
        '' AS batch,
        '' AS trace
    FROM recon_file AS f
    INNER JOIN payout AS one ON f.business_date = one.business_date AND f.unit = one.unit
    WHERE f.id = any(%(files)s::bigint []) AND f.source = 'bank_statement'
    UNION ALL
    SELECT
        f.id AS file_id,
        one.shard,
        one.journal_id AS number,
        one.unit,
        one.amount_minor,
        one.reference AS rrn,
        '' AS terminal_id,
        '' AS batch,
        '' AS trace
    FROM recon_file AS f
    INNER JOIN port_moved AS one ON f.port = one.port
    WHERE
        f.id = any(%(files)s::bigint [])
        AND one.moved_at >= %(port_since)s
        AND one.moved_at < %(port_until)s
)

SELECT
    ours.*,
    row_number() OVER (
        ORDER BY ours.file_id, ours.rrn, ours.number, ours.unit
    )::integer AS place
FROM ours;

-- name: analyze_ours
-- Joins are planned for the rows that are there.
ANALYZE recon_ours;

-- name: take_returns
-- Lines by which a payout came back, whole and for the first time: they are neither ours nor
-- different. One that two people have said before, of no line, is that one's.
-- notes: payout_return
INSERT INTO payout_return AS t (payout_id, file_id, line)
SELECT DISTINCT ON (p.id)
    p.id,
    r.file_id,
    r.line
FROM recon_return AS r
INNER JOIN recon_line AS l ON r.file_id = l.file_id AND r.line = l.line
INNER JOIN payout AS p
    ON l.rrn = p.end_to_end_id AND l.unit = p.unit AND p.amount_minor = -l.amount_minor
WHERE
    r.file_id = any(%(files)s::bigint [])
    AND NOT EXISTS (
        SELECT FROM payout_return_said AS said
        WHERE said.payout_id = p.id AND said.item_id IS NOT NULL
    )
ORDER BY p.id ASC, r.file_id ASC, r.line ASC
ON CONFLICT ON CONSTRAINT payout_return_once DO UPDATE
    SET file_id = excluded.file_id, line = excluded.line
    WHERE t.file_id IS NULL;

-- name: lay_out_theirs
-- What the files say but of what came back, each line in a place that does not come of the order in
-- which it was sent.
CREATE TEMPORARY TABLE recon_theirs ON COMMIT DROP AS
SELECT
    l.file_id,
    l.line,
    l.rrn,
    l.terminal_id,
    l.batch,
    l.trace,
    l.traded_on,
    l.unit,
    l.amount_minor,
    row_number() OVER (
        ORDER BY
            l.file_id, l.rrn, l.unit, l.amount_minor,
            l.terminal_id, l.batch, l.trace, l.traded_on, l.line
    )::integer AS place
FROM recon_line AS l
WHERE
    l.file_id = any(%(files)s::bigint [])
    AND NOT EXISTS (
        SELECT FROM payout_return AS r
        WHERE r.file_id = l.file_id AND r.line = l.line
    );

-- name: analyze_theirs
-- Joins are planned for the rows that are there.
ANALYZE recon_theirs;

-- name: lay_out_pairs
-- Which line of theirs is which of ours, by what, how sure; with a difference it is no match.
CREATE TEMPORARY TABLE recon_pair (
    theirs integer PRIMARY KEY,
    ours integer NOT NULL,
    found_by text NOT NULL,
    score smallint NOT NULL,
    difference text NOT NULL
) ON COMMIT DROP;

-- name: pair_by_rrn
-- The same RRN, unit and amount: as often as both have it.
INSERT INTO recon_pair (theirs, ours, found_by, score, difference)
WITH t AS (
    SELECT
        r.*,
        row_number() OVER (
            PARTITION BY r.file_id, r.rrn, r.unit, r.amount_minor ORDER BY r.place
        ) AS turn
    FROM recon_theirs AS r
    WHERE r.rrn <> ''
),

o AS (
    SELECT
        r.*,
        row_number() OVER (
            PARTITION BY r.file_id, r.rrn, r.unit, r.amount_minor ORDER BY r.place
        ) AS turn
    FROM recon_ours AS r
)

SELECT
    t.place,
    o.place,
    'rrn',
    100,
    ''
FROM t
INNER JOIN o USING (file_id, rrn, unit, amount_minor, turn);

-- name: pair_other_amounts
-- The same RRN and unit, of another amount.
INSERT INTO recon_pair (theirs, ours, found_by, score, difference)
WITH t AS (
    SELECT
        r.*,
        row_number() OVER (PARTITION BY r.file_id, r.rrn, r.unit ORDER BY r.place) AS turn
    FROM recon_theirs AS r
    WHERE r.rrn <> '' AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.theirs = r.place)
),

o AS (
    SELECT
        r.*,
        row_number() OVER (PARTITION BY r.file_id, r.rrn, r.unit ORDER BY r.place) AS turn
    FROM recon_ours AS r
    WHERE NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.ours = r.place)
)

SELECT
    t.place,
    o.place,
    'rrn',
    100,
    'other_amount'
FROM t
INNER JOIN o USING (file_id, rrn, unit, turn);

-- name: pair_doubled
-- What they have once more than we do, by its RRN.
INSERT INTO recon_pair (theirs, ours, found_by, score, difference)
SELECT
    t.place,
    min(o.place),
    'rrn',
    100,
    'doubled'
FROM recon_theirs AS t
INNER JOIN recon_ours AS o USING (file_id, rrn, unit)
WHERE t.rrn <> '' AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.theirs = t.place)
GROUP BY t.place;

-- name: pair_by_keys
-- The same terminal, batch and trace, of the date: with the same amount it is a match, and what is
-- left of them then has another.
INSERT INTO recon_pair (theirs, ours, found_by, score, difference)
WITH t AS (
    SELECT
        r.*,
        CASE WHEN %(same_amount)s THEN r.amount_minor END AS wanted_minor,
        row_number() OVER (
            PARTITION BY
                r.file_id,
                r.terminal_id,
                r.batch,
                r.trace,
                r.unit,
                CASE WHEN %(same_amount)s THEN r.amount_minor END
            ORDER BY r.place
        ) AS turn
    FROM recon_theirs AS r
    WHERE
        r.terminal_id <> '' AND r.trace <> ''
        AND coalesce(r.traded_on, %(business_date)s) = %(business_date)s
        AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.theirs = r.place)
),

o AS (
    SELECT
        r.*,
        CASE WHEN %(same_amount)s THEN r.amount_minor END AS wanted_minor,
        row_number() OVER (
            PARTITION BY
                r.file_id,
                r.terminal_id,
                r.batch,
                r.trace,
                r.unit,
                CASE WHEN %(same_amount)s THEN r.amount_minor END
            ORDER BY r.place
        ) AS turn
    FROM recon_ours AS r
    WHERE r.terminal_id <> '' AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.ours = r.place)
)

SELECT
    t.place,
    o.place,
    'keys',
    100,
    CASE WHEN t.amount_minor = o.amount_minor THEN '' ELSE 'other_amount' END
FROM t
INNER JOIN o
    ON
        t.file_id = o.file_id
        AND t.terminal_id = o.terminal_id
        AND t.batch = o.batch
        AND t.trace = o.trace
        AND t.unit = o.unit
        AND t.turn = o.turn
        AND t.wanted_minor IS NOT DISTINCT FROM o.wanted_minor;

-- name: pair_doubled_by_keys
-- What they have once more than we do, by terminal, batch and trace; it has no RRN that says other.
INSERT INTO recon_pair (theirs, ours, found_by, score, difference)
SELECT
    t.place,
    min(o.place),
    'keys',
    100,
    'doubled'
FROM recon_theirs AS t
INNER JOIN recon_ours AS o USING (file_id, terminal_id, batch, trace, unit)
WHERE
    t.rrn = '' AND t.terminal_id <> '' AND t.trace <> ''
    AND coalesce(t.traded_on, %(business_date)s) = %(business_date)s
    AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.theirs = t.place)
GROUP BY t.place;

-- name: lay_out_near
-- What is left of both and alike: the same amount, and the terminal, the trace or the end of the
-- RRN. Where many of one amount are alike in one of these, that says nothing, and it is left out.
CREATE TEMPORARY TABLE recon_near ON COMMIT DROP AS
WITH theirs AS (
    SELECT r.* FROM recon_theirs AS r
    WHERE NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.theirs = r.place)
),

ours AS (
    SELECT r.* FROM recon_ours AS r
    WHERE NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.ours = r.place)
),

named AS (
    SELECT
        t.file_id,
        t.unit,
        t.amount_minor,
        told.clue,
        true AS is_theirs,
        t.place
    FROM theirs AS t
    CROSS JOIN
        LATERAL (
            VALUES
            ('t' || nullif(t.terminal_id, '')),
            ('s' || nullif(t.trace, '')),
            ('r' || nullif(right(t.rrn, 6), ''))
        ) AS told (clue)
    UNION ALL
    SELECT
        o.file_id,
        o.unit,
        o.amount_minor,
        told.clue,
        false AS is_theirs,
        o.place
    FROM ours AS o
    CROSS JOIN
        LATERAL (
            VALUES
            ('t' || nullif(o.terminal_id, '')),
            ('s' || nullif(o.trace, '')),
            ('r' || nullif(right(o.rrn, 6), ''))
        ) AS told (clue)
),

counted AS (
    SELECT
        n.*,
        count(*) OVER (PARTITION BY n.file_id, n.unit, n.amount_minor, n.clue) AS alike
    FROM named AS n
    WHERE n.clue IS NOT NULL
),

pair AS (
    SELECT DISTINCT
        t.place AS theirs,
        o.place AS ours
    FROM counted AS t
    INNER JOIN counted AS o USING (file_id, unit, amount_minor, clue)
    WHERE t.is_theirs AND NOT o.is_theirs AND t.alike <= %(alike_max)s
)

SELECT
    pair.theirs,
    pair.ours,
    (
        %(amount)s
        + CASE WHEN t.rrn <> '' AND right(t.rrn, 6) = right(o.rrn, 6) THEN %(rrn_end)s ELSE 0 END
        + CASE
            WHEN t.terminal_id <> '' AND t.terminal_id = o.terminal_id THEN %(terminal)s
            ELSE 0
        END
        + CASE WHEN t.trace <> '' AND t.trace = o.trace THEN %(trace)s ELSE 0 END
        + CASE WHEN t.batch <> '' AND t.batch = o.batch THEN %(batch)s ELSE 0 END
        + CASE
            WHEN coalesce(t.traded_on, %(business_date)s) = %(business_date)s THEN %(date)s
            ELSE 0
        END
    )::smallint AS score
FROM pair
INNER JOIN theirs AS t ON pair.theirs = t.place
INNER JOIN ours AS o ON pair.ours = o.place;

-- name: pair_near
-- What is best for both, and alone in that.
INSERT INTO recon_pair (theirs, ours, found_by, score, difference)
SELECT
    n.theirs,
    n.ours,
    'fuzzy',
    n.score,
    ''
FROM recon_near AS n
WHERE
    n.score >= %(score_min)s
    AND NOT EXISTS (
        SELECT FROM recon_near AS other
        WHERE other.theirs = n.theirs AND other.ours <> n.ours AND other.score >= n.score
    )
    AND NOT EXISTS (
        SELECT FROM recon_near AS other
        WHERE other.ours = n.ours AND other.theirs <> n.theirs AND other.score >= n.score
    );

-- name: hold_late
-- What lines may be of what they lacked of an earlier date: whoever answers it, or matches another
-- date, comes before or after.
SELECT i.id
FROM recon_item AS i
WHERE
    i.answer IS NULL
    AND i.difference = 'they_lack'
    AND i.business_date < %(business_date)s
    AND EXISTS (
        SELECT FROM recon_theirs AS r
        WHERE
            r.rrn = i.rrn
            AND r.unit = i.unit
            AND r.amount_minor = i.ours_minor
            AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.theirs = r.place)
    )
ORDER BY i.id
FOR UPDATE;

-- name: lay_out_late
-- Lines that are what they lacked of an earlier date.
CREATE TEMPORARY TABLE recon_late ON COMMIT DROP AS
WITH t AS (
    SELECT
        r.*,
        f.source,
        f.merchant_id,
        f.issuer_id,
        f.port,
        row_number() OVER (
            PARTITION BY r.file_id, r.rrn, r.unit, r.amount_minor ORDER BY r.place
        ) AS turn
    FROM recon_theirs AS r
    INNER JOIN recon_file AS f ON r.file_id = f.id
    WHERE r.rrn <> '' AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.theirs = r.place)
),

o AS (
    SELECT
        i.*,
        f.port,
        row_number() OVER (
            PARTITION BY i.source, i.merchant_id, i.issuer_id, f.port, i.rrn, i.unit, i.ours_minor
            ORDER BY i.id
        ) AS turn
    FROM recon_item AS i
    INNER JOIN recon_file AS f ON i.file_id = f.id
    WHERE
        i.answer IS NULL
        AND i.difference = 'they_lack'
        AND i.business_date < %(business_date)s
)

SELECT
    t.place AS theirs,
    o.id AS item,
    o.shard,
    o.number
FROM t
INNER JOIN o
    ON
        t.source = o.source
        AND t.merchant_id IS NOT DISTINCT FROM o.merchant_id
        AND t.issuer_id IS NOT DISTINCT FROM o.issuer_id
        AND t.port IS NOT DISTINCT FROM o.port
        AND t.rrn = o.rrn
        AND t.unit = o.unit
        AND t.amount_minor = o.ours_minor
        AND t.turn = o.turn;

-- name: add_matches
-- What is one of ours, for ever.
-- notes: recon_match together
INSERT INTO recon_match AS t (file_id, line, rrn, unit, shard, number, found_by, score)
SELECT
    theirs.file_id,
    theirs.line,
    o.rrn,
    o.unit,
    o.shard,
    o.number,
    p.found_by,
    p.score
FROM recon_pair AS p
INNER JOIN recon_theirs AS theirs ON p.theirs = theirs.place
INNER JOIN recon_ours AS o ON p.ours = o.place
WHERE p.difference = ''
UNION ALL
SELECT
    theirs.file_id,
    theirs.line,
    theirs.rrn,
    theirs.unit,
    late.shard,
    late.number,
    'came_late',
    100
FROM recon_late AS late
INNER JOIN recon_theirs AS theirs ON late.theirs = theirs.place;

-- name: end_late
-- They have it by now.
-- notes: recon_item
UPDATE recon_item AS t SET
    answer = 'came_late', answered_by = 'posswitch', answered_at = %(now)s, with_item = t.id
WHERE t.id = any(array(SELECT late.item FROM recon_late AS late));

-- name: add_differences
-- What is left of theirs, and of ours.
-- notes: recon_item together
INSERT INTO recon_item AS t (
    business_date, source, difference, file_id, line, merchant_id, issuer_id, rrn, terminal_id,
    batch, trace, unit, shard, number, ours_minor, theirs_minor, suggested, score, opened_at
)
WITH near AS (
    SELECT DISTINCT ON (n.theirs)
        n.theirs,
        o.rrn,
        n.score
    FROM recon_near AS n
    INNER JOIN recon_ours AS o ON n.ours = o.place
    WHERE
        n.score >= %(suggested_min)s
        AND NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.ours = n.ours OR p.theirs = n.theirs)
    ORDER BY n.theirs ASC, n.score DESC, o.rrn COLLATE "C" ASC
),

other AS (
    SELECT
        theirs.file_id,
        theirs.line,
        coalesce(
            p.difference,
            CASE
                WHEN theirs.traded_on < %(business_date)s THEN 'late'
                WHEN
                    theirs.rrn = '' AND (theirs.terminal_id = '' OR theirs.trace = '')
                    THEN 'unknown'
                ELSE 'we_lack'
            END
        ) AS difference,
        coalesce(o.rrn, theirs.rrn) AS rrn,
        coalesce(o.terminal_id, theirs.terminal_id) AS terminal_id,
        coalesce(o.batch, theirs.batch) AS batch,
        coalesce(o.trace, theirs.trace) AS trace,
        theirs.unit,
        o.shard,
        o.number,
        CASE WHEN p.difference = 'other_amount' THEN o.amount_minor ELSE 0 END AS ours_minor,
        theirs.amount_minor AS theirs_minor,
        coalesce(near.rrn, '') AS suggested,
        coalesce(near.score, 0) AS score
    FROM recon_theirs AS theirs
    LEFT JOIN recon_pair AS p ON theirs.place = p.theirs
    LEFT JOIN recon_ours AS o ON p.ours = o.place
    LEFT JOIN near ON theirs.place = near.theirs
    WHERE
        coalesce(p.difference, 'none') <> ''
        AND NOT EXISTS (SELECT FROM recon_late AS late WHERE late.theirs = theirs.place)
    UNION ALL
    SELECT
        o.file_id,
        NULL AS line,
        'they_lack' AS difference,
        o.rrn,
        o.terminal_id,
        o.batch,
        o.trace,
        o.unit,
        o.shard,
        o.number,
        o.amount_minor AS ours_minor,
        0 AS theirs_minor,
        '' AS suggested,
        0 AS score
    FROM recon_ours AS o
    WHERE NOT EXISTS (SELECT FROM recon_pair AS p WHERE p.ours = o.place)
)

SELECT
    f.business_date,
    f.source,
    other.difference,
    f.id,
    other.line,
    f.merchant_id,
    f.issuer_id,
    other.rrn,
    other.terminal_id,
    other.batch,
    other.trace,
    other.unit,
    other.shard,
    other.number,
    other.ours_minor,
    other.theirs_minor,
    other.suggested,
    other.score,
    %(now)s
FROM other
INNER JOIN recon_file AS f ON other.file_id = f.id
WHERE other.ours_minor <> other.theirs_minor
ORDER BY
    f.id, other.rrn COLLATE "C", other.unit COLLATE "C", other.theirs_minor, other.ours_minor;

-- name: files_are_matched
-- And how many lines of each are ours, or bring back what was.
-- notes: recon_file
UPDATE recon_file AS t SET
    matched_at = %(now)s,
    matched = (SELECT count(*) FROM recon_match AS m WHERE m.file_id = t.id)
    + (SELECT count(*) FROM payout_return AS r WHERE r.file_id = t.id)
WHERE t.id = any(%(files)s::bigint []);

-- name: drop_laid_out
-- What is laid out ends with the transaction; of the next date it is laid out anew.
DROP TABLE IF EXISTS recon_moved, recon_ours, recon_theirs, recon_pair, recon_near, recon_late;

-- What people do about differences. -------------------------------------------------------------

-- name: differences
-- As they stand, held until the end of the transaction.
SELECT
    i.id,
    i.source,
    i.merchant_id,
    i.issuer_id,
    f.port,
    i.unit,
    i.ours_minor,
    i.theirs_minor,
    i.answer,
    i.number
FROM recon_item AS i
INNER JOIN recon_file AS f ON i.file_id = f.id
WHERE i.id = any(%(items)s::bigint [])
ORDER BY i.id
FOR UPDATE OF i;

-- name: take_differences
-- Whose they are to explain.
-- notes: recon_item
UPDATE recon_item AS t SET owner = %(by)s
WHERE t.id = any(%(items)s::bigint []);

-- name: answer_differences
-- For good.
-- notes: recon_item
UPDATE recon_item AS t SET
    answer = %(answer)s,
    answered_by = %(by)s,
    answered_at = %(now)s,
    with_item = %(with)s,
    owner = CASE WHEN t.owner = '' THEN %(by)s ELSE t.owner END,
    mended_shard = %(shard)s,
    mended_number = %(number)s,
    note = %(note)s
WHERE t.id = any(%(items)s::bigint []) AND t.answer IS NULL;

-- name: mending
-- The newest posting that an RRN names, of how much it is and at whose; whether it has mended
-- something.
SELECT
    j.shard,
    j.id,
    j.amount_minor,
    j.unit,
    j.merchant_id,
    exists(SELECT FROM recon_item AS i WHERE i.mended_number = j.id) AS is_used
FROM journal AS j
WHERE j.shard = any(%(shards)s::smallint []) AND j.id = any(%(numbers)s::bigint [])
ORDER BY j.id DESC
LIMIT 1;
