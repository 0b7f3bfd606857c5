-- What is under the LMK, looked for as whoever asks may look.

-- name: sealed_columns
-- Every column of what only the LMK opens: may we read it, and was anything ever put there.
SELECT
    c.relname,
    a.attname,
    has_column_privilege(c.oid, a.attnum, 'SELECT') AS is_readable,
    pg_relation_size(c.oid) > 0 AS is_used
FROM pg_class AS c
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid
WHERE
    c.relkind = 'r'
    AND c.relnamespace = current_schema()::regnamespace
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND (
        (a.atttypid = 'bytea'::regtype AND a.attname ~ '(^|_)sealed$')
        OR (a.atttypid = 'text'::regtype AND a.attname = 'block')
    )
ORDER BY c.relname, a.attname;
