-- What an export of the ledger reads beside the audit's own rows.

-- name: heads_of_dates
-- Signed heads as an export needs them: of each open date the first, and the last of all before the
-- date it is to begin with. What a head says of its date stands in its text.
WITH told AS (
    SELECT
        number,
        body,
        signature,
        substring(body FROM '\ndate (\d{4}-\d\d-\d\d)\n') AS date_told
    FROM signed_head
),

start AS (
    SELECT coalesce(max(number), 0) AS number
    FROM told
    WHERE date_told < %(first)s
),

last AS (
    SELECT
        coalesce(
            min(told.number) FILTER (WHERE told.date_told > %(last)s),
            max(told.number)
        ) AS number
    FROM told
    CROSS JOIN start
    WHERE told.number > start.number
),

firsts AS (
    SELECT min(number) AS number
    FROM told
    GROUP BY date_told
)

SELECT
    told.number,
    told.body,
    told.signature
FROM told
CROSS JOIN start
CROSS JOIN last
WHERE
    told.number BETWEEN start.number AND last.number
    AND (
        told.number IN (start.number, last.number)
        OR told.number IN (SELECT firsts.number FROM firsts)
    )
ORDER BY told.number;

-- name: dates_of_seals
-- Of which business dates the seals between two heads are: by each shard's range of the key.
SELECT
    min(seal.business_date),
    max(seal.business_date)
FROM
    unnest(%(shards)s::smallint [], %(after)s::bigint [], %(upto)s::bigint [])
        AS r (shard, after_seq, upto_seq)
INNER JOIN seal
    ON
        seal.shard = r.shard
        AND seal.seq > r.after_seq
        AND seal.seq <= r.upto_seq;

-- name: linked_changes
-- The links between two heads, each with the line of every change under it; read row by row.
SELECT
    link.seq,
    extract(EPOCH FROM link.linked_at)::text,
    link.digest,
    CASE
        WHEN change.id IS NULL THEN NULL
        WHEN num_nonnulls(change.keys, change.digests) > 0
            THEN jsonb_build_array(
                change.id, change.form, change.relation, change.key,
                encode(change.before, 'hex'), encode(change.digest, 'hex'),
                extract(EPOCH FROM change.made_at), change.made_by, change.content,
                change.reason, change.asked_by, change.accepted_by,
                encode(sha256(array_send(change.keys)), 'hex'),
                encode(sha256(array_send(change.digests)), 'hex')
            )::text
        WHEN change.form <> 1 OR change.before IS NOT NULL
            THEN jsonb_build_array(
                change.id, change.form, change.relation, change.key,
                encode(change.before, 'hex'), encode(change.digest, 'hex'),
                extract(EPOCH FROM change.made_at), change.made_by, change.content,
                change.reason, change.asked_by, change.accepted_by
            )::text
        WHEN
            num_nonnulls(change.content, change.reason, change.asked_by, change.accepted_by) = 0
            THEN concat_ws(
                '|', change.id, change.relation, change.key,
                coalesce(encode(change.digest, 'hex'), '-'),
                extract(EPOCH FROM change.made_at), change.made_by
            )
        ELSE jsonb_build_array(
            change.id, change.relation, change.key, encode(change.digest, 'hex'),
            extract(EPOCH FROM change.made_at), change.made_by, change.content,
            change.reason, change.asked_by, change.accepted_by
        )::text
    END AS line
FROM change_link AS link
LEFT JOIN change ON change.id BETWEEN link.first_change AND link.last_change
WHERE link.seq > %(after)s AND link.seq <= %(upto)s
ORDER BY link.seq, change.id;
