-- The chain of changes, asked.

-- name: settings
-- Keys are compared as bytes, and a digest is made in one form.
SELECT
    set_config('timezone', 'UTC', true),
    set_config('bytea_output', 'hex', true);

-- name: readable
-- What this login may read whole.
SELECT relname
FROM pg_class
WHERE
    relkind = 'r'
    AND relnamespace = 'public'::regnamespace
    AND has_table_privilege(oid, 'SELECT');

-- name: noted_in_turn
-- Each row's notes in their order: whether one is the last, and whether the row that it was made of
-- is not the one that the note before left, which only notes of the second form say. The view
-- noted_row is written out, for the owner of the database can replace it. Keys come first, and in
-- the order that they are compared in: hardly any two tables have the same.
WITH note AS NOT MATERIALIZED (
    SELECT
        id,
        form,
        relation,
        key COLLATE "C" AS key,
        before,
        digest
    FROM change
    WHERE keys IS NULL
    UNION ALL
    SELECT
        change.id,
        change.form,
        change.relation,
        r.key COLLATE "C" AS key,
        NULL AS before,
        r.digest
    FROM change
    CROSS JOIN LATERAL unnest(change.keys, change.digests) AS r (key, digest)
    WHERE change.keys IS NOT NULL
),

placed AS (
    SELECT
        note.*,
        lead(note.id) OVER of_row AS id_after,
        lag(note.digest) OVER of_row AS digest_before
    FROM note
    WHERE note.relation = any(%(names)s::text [])
    WINDOW of_row AS (PARTITION BY note.key, note.relation ORDER BY note.id)
)

SELECT
    relation,
    key,
    digest,
    id_after IS NULL AS is_last,
    CASE
        WHEN form = 1 THEN false
        ELSE coalesce(before <> digest_before, num_nonnulls(before, digest_before) > 0)
    END AS is_gap
FROM placed;

-- name: strange_changes
-- A change of no table of ours, with a number that nobody was given, or in the form of before when
-- that was over: it would not say what the row was.
SELECT
    change.id,
    change.relation
FROM change
WHERE
    NOT (
        change.relation = any(%s::text [])
        OR (change.relation = 'change' AND change.reason IS NOT NULL)
    )
    OR change.id > (SELECT last_value FROM change_number)
    OR (
        change.form = 1
        AND change.id > (SELECT min(later.id) FROM change AS later WHERE later.form <> 1)
    )
ORDER BY change.id
LIMIT 100;

-- name: broken_links
-- Every link again, over the link before and its changes; and that none of either is missing. An
-- array of json reads as one of jsonb does, and is made in half the time.
WITH covered AS (
    SELECT
        link.seq,
        count(change.id) AS changes,
        min(change.id) AS first_change,
        max(change.id) AS last_change,
        sha256(
            link.previous || convert_to(
                extract(EPOCH FROM link.linked_at) || E'\n'
                || coalesce(
                    string_agg(
                        CASE
                            WHEN num_nonnulls(change.keys, change.digests) > 0
                                THEN json_build_array(
                                    change.id, change.form, change.relation, change.key,
                                    encode(change.before, 'hex'), encode(change.digest, 'hex'),
                                    extract(EPOCH FROM change.made_at), change.made_by,
                                    change.content, change.reason, change.asked_by,
                                    change.accepted_by,
                                    encode(sha256(array_send(change.keys)), 'hex'),
                                    encode(sha256(array_send(change.digests)), 'hex')
                                )::text
                            WHEN change.form <> 1 OR change.before IS NOT NULL
                                THEN json_build_array(
                                    change.id, change.form, change.relation, change.key,
                                    encode(change.before, 'hex'), encode(change.digest, 'hex'),
                                    extract(EPOCH FROM change.made_at), change.made_by,
                                    change.content, change.reason, change.asked_by,
                                    change.accepted_by
                                )::text
                            WHEN
                                num_nonnulls(
                                    change.content,
                                    change.reason,
                                    change.asked_by,
                                    change.accepted_by
                                ) = 0
                                THEN concat_ws(
                                    '|', change.id, change.relation, change.key,
                                    coalesce(encode(change.digest, 'hex'), '-'),
                                    extract(EPOCH FROM change.made_at), change.made_by
                                )
                            ELSE json_build_array(
                                change.id, change.relation, change.key,
                                encode(change.digest, 'hex'),
                                extract(EPOCH FROM change.made_at), change.made_by,
                                change.content, change.reason, change.asked_by,
                                change.accepted_by
                            )::text
                        END || E'\n',
                        '' ORDER BY change.id
                    ), ''
                ), 'UTF8'
            )
        ) AS digest
    FROM change_link AS link
    LEFT JOIN change ON change.id BETWEEN link.first_change AND link.last_change
    GROUP BY link.seq, link.previous, link.first_change, link.last_change, link.linked_at
),

placed AS (
    SELECT
        link.*,
        lag(link.digest) OVER (ORDER BY link.seq) AS digest_before,
        lag(link.seq) OVER (ORDER BY link.seq) AS seq_before,
        lag(link.last_change) OVER (ORDER BY link.seq) AS last_before
    FROM change_link AS link
),

judged AS (
    SELECT
        placed.seq,
        placed.first_change,
        placed.last_change,
        CASE
            WHEN placed.seq <> coalesce(placed.seq_before, 0) + 1
                THEN 'the link before it is missing'
            WHEN
                placed.previous
                <> coalesce(placed.digest_before, decode(repeat('00', 32), 'hex'))
                THEN 'it does not follow the link before it'
            WHEN
                placed.changes <> covered.changes
                OR placed.first_change <> covered.first_change
                OR placed.last_change <> covered.last_change
                THEN
                    'it covers ' || placed.changes || ' changes, '
                    || covered.changes || ' are there'
            WHEN placed.digest <> covered.digest THEN 'one of its changes is not what was linked'
            WHEN
                EXISTS (
                    SELECT FROM change
                    WHERE
                        change.id < placed.first_change
                        AND change.id > coalesce(placed.last_before, 0)
                )
                THEN 'a change was put in before it'
        END AS fault
    FROM placed
    INNER JOIN covered ON placed.seq = covered.seq
)

SELECT
    seq,
    first_change,
    last_change,
    fault
FROM judged
WHERE fault IS NOT NULL
ORDER BY seq
LIMIT %s;
