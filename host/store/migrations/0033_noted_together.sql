-- Rows that one statement put in are noted together: their keys and their digests in one change,
-- in place of a change for each. A batch of a million cards is some hundreds of changes.

-- What such a change keeps as content is what all its rows say alike (host.store.deciding).
ALTER TABLE change
ADD COLUMN keys text [],
ADD COLUMN digests bytea [],
ALTER COLUMN keys SET STORAGE EXTERNAL,
ALTER COLUMN digests SET STORAGE EXTERNAL,
ADD CONSTRAINT change_of_many CHECK (
    num_nonnulls(keys, digests) = 0
    OR (
        num_nonnulls(keys, digests) = 2
        AND cardinality(keys) > 0
        AND cardinality(keys) = cardinality(digests)
        AND key = ''
        AND num_nonnulls(before, digest, reason) = 0
    )
);

-- As row_digest, of many rows of a table, in their order.
CREATE FUNCTION row_digests(whole anyarray) RETURNS bytea [] LANGUAGE sql STABLE
SET timezone = 'UTC' SET bytea_output = 'hex'
AS $$
SELECT array_agg(sha256(convert_to(to_jsonb(r.one)::text, 'UTF8')))
FROM (SELECT unnest(whole) AS one) AS r
$$;

-- What was noted of each row, by itself or with others.
CREATE VIEW noted_row AS
SELECT
    change.id,
    change.form,
    change.relation,
    change.key,
    change.before,
    change.digest,
    change.content
FROM change
WHERE change.keys IS NULL
UNION ALL
SELECT
    change.id,
    change.form,
    change.relation,
    r.key,
    NULL AS before,
    r.digest,
    change.content
FROM change
CROSS JOIN LATERAL unnest(change.keys, change.digests) AS r (key, digest)
WHERE change.keys IS NOT NULL;

GRANT SELECT (keys, digests) ON change TO posswitch_poster, posswitch_night;
GRANT INSERT (keys, digests) ON change TO posswitch_office;
GRANT SELECT ON noted_row TO posswitch_auditor;
GRANT SELECT (id, form, relation, before, digest, content) ON noted_row TO posswitch_reader;
GRANT SELECT (digests) ON change TO posswitch_reader;
