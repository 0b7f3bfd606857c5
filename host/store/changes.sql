-- The chain of changes.

-- name: tables
-- Which of these tables have rows or notes of rows: what never had any differs from no note. A
-- migration may come before one.
SELECT t.relname
FROM pg_class AS t
WHERE
    t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace AND t.relname = any(%s::text [])
    AND (
        pg_relation_size(t.oid) > 0
        OR t.relname::text IN (SELECT c.relation FROM change AS c)
    );

-- name: columns
-- What a note says, as a migration may come before one.
SELECT attname
FROM pg_attribute
WHERE attrelid = to_regclass('change') AND attnum > 0 AND NOT attisdropped;

-- name: noted
-- What was noted of each row, by itself or with others: as the view noted_row, whose text the owner
-- of the database can replace.
SELECT
    id,
    relation,
    key,
    digest
FROM change
WHERE keys IS NULL
UNION ALL
SELECT
    change.id,
    change.relation,
    r.key,
    r.digest
FROM change
CROSS JOIN LATERAL unnest(change.keys, change.digests) AS r (key, digest)
WHERE change.keys IS NOT NULL;

-- name: gaps
-- Where the row that a change was made of is not the one that the change before it left: each row's
-- changes once, in their order. Notes of the first form do not say what was before. The view
-- noted_row is written out, for the owner of the database can replace it.
WITH noted AS NOT MATERIALIZED (
    SELECT
        id,
        form,
        relation,
        key,
        before,
        digest
    FROM change
    WHERE keys IS NULL
    UNION ALL
    SELECT
        change.id,
        change.form,
        change.relation,
        r.key,
        NULL AS before,
        r.digest
    FROM change
    CROSS JOIN LATERAL unnest(change.keys, change.digests) AS r (key, digest)
    WHERE change.keys IS NOT NULL
),

placed AS (
    SELECT
        change.id,
        change.relation,
        change.key,
        change.form,
        change.before,
        lag(change.digest) OVER of_row AS digest_before,
        lag(change.id) OVER of_row AS id_before
    FROM noted AS change
    WHERE change.relation = any(%s::text [])
    WINDOW of_row AS (PARTITION BY change.relation, change.key ORDER BY change.id)
)

SELECT
    placed.id,
    placed.relation,
    placed.key,
    placed.digest_before,
    placed.before,
    placed.id_before,
    exists(
        SELECT FROM change AS taken
        WHERE
            taken.relation = 'change'
            AND taken.reason IS NOT NULL
            AND taken.key = placed.id::text
            AND taken.digest IS NOT DISTINCT FROM placed.before
    ) AS is_taken_over
FROM placed
WHERE placed.form <> 1 AND placed.before IS DISTINCT FROM placed.digest_before
ORDER BY placed.id;

-- name: lock_timeout
-- Others wait behind us while we wait.
SELECT set_config('lock_timeout', %s, true);

-- name: wait_for_changes
-- Who notes a change holds it shared: once it is ours, no lower number is still to come.
SELECT pg_advisory_xact_lock(%s, %s);

-- name: add_link
-- Over the link before, its own moment and the changes since, each as a line.
WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS linked_at),

before AS (
    SELECT
        coalesce(max(last_change), 0) AS last_change,
        coalesce(max(seq), 0) AS seq,
        coalesce(
            (array_agg(digest ORDER BY seq DESC))[1], decode(repeat('00', 32), 'hex')
        ) AS digest
    FROM (SELECT * FROM change_link ORDER BY seq DESC LIMIT 1) AS newest
),

new AS (
    SELECT
        change.id,
        CASE
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
                num_nonnulls(
                    change.content, change.reason, change.asked_by, change.accepted_by
                ) = 0
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
        END || E'\n' AS line
    FROM change, before
    WHERE change.id > before.last_change
    ORDER BY change.id
    LIMIT %s
)

INSERT INTO change_link (seq, previous, digest, first_change, last_change, changes, linked_at)
SELECT
    before.seq + 1,
    before.digest,
    sha256(
        before.digest
        || convert_to(
            extract(EPOCH FROM moment.linked_at) || E'\n'
            || string_agg(new.line, '' ORDER BY new.id), 'UTF8'
        )
    ),
    min(new.id),
    max(new.id),
    count(*),
    moment.linked_at
FROM before, moment, new
GROUP BY before.seq, before.digest, moment.linked_at;
