-- What nobody has used.

-- name: without_a_byte
-- Tables whose files have nothing in them. A row that any instant sees would have its page there,
-- and no page goes before its rows are over for everybody.
SELECT relname
FROM pg_class
WHERE
    relkind = 'r'
    AND relnamespace IN ('public'::regnamespace, pg_my_temp_schema())
    AND pg_relation_size(oid) = 0;
