-- The chain of changes.

-- name: tables
-- Which tables there are, as a migration may come before one.
SELECT relname
FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace;

-- name: keeps_content
-- Whether notes keep what rows of the estate say, as a migration may come before that.
SELECT
    exists(
        SELECT FROM pg_attribute
        WHERE attrelid = to_regclass('change') AND attname = 'content'
    );

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
            WHEN num_nonnulls(change.content, change.reason) = 0
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
