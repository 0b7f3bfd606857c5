-- What waits for a second person while a database is brought up to date.

-- name: is_kept
-- Whether there are approvals yet.
SELECT to_regclass('approval') IS NOT NULL;

-- name: is_anything
-- Whether anything waits.
SELECT exists(SELECT FROM approval WHERE state = 'asked');

-- name: columns
-- Of all tables of ours.
SELECT
    c.relname::text AS relation,
    a.attname::text AS name
FROM pg_class AS c
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid
WHERE
    c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    AND a.attnum > 0 AND NOT a.attisdropped;

-- name: waiting
-- Approvals of these kinds of subjects that nobody has decided, with what was seen.
SELECT
    id,
    subject_kind,
    subject_key,
    seen
FROM approval
WHERE state = 'asked' AND subject_kind = any(%(kinds)s::text [])
ORDER BY id;

-- name: see
-- What its subject says in the form that it has now; noted with all that the last migration leaves.
UPDATE approval AS t
SET seen = %(seen)s
WHERE t.id = %(id)s AND t.seen <> %(seen)s;

-- name: merchant
-- With whose cards it takes.
SELECT encode(sha256(row_digest(t) || convert_to(taken.issuers::text, 'UTF8')), 'hex') AS seen
FROM merchant AS t
CROSS JOIN
    LATERAL (
        SELECT coalesce(jsonb_agg(i.institution_id ORDER BY i.institution_id), '[]') AS issuers
        FROM acceptance AS a
        INNER JOIN issuer AS i ON a.issuer_id = i.id
        WHERE a.merchant_id = t.id
    ) AS taken
WHERE t.merchant_id = %(key)s;

-- name: product
-- With its newest version.
SELECT encode(sha256(row_digest(t) || coalesce(row_digest(v), '')), 'hex') AS seen
FROM product AS t
LEFT JOIN product_version AS v
    ON
        t.id = v.product_id
        AND v.version = (SELECT max(n.version) FROM product_version AS n WHERE n.product_id = t.id)
WHERE t.id = %(key)s;
