-- What people set of the office's own.

-- name: office_setting
-- What it is now.
SELECT value FROM office_setting WHERE name = %s;

-- name: office_settings
-- What some are now.
SELECT
    name,
    value
FROM office_setting WHERE name = any(%s::text []);

-- name: set_office_setting
-- From now on.
-- notes: office_setting
UPDATE office_setting AS t
SET
    value = %(value)s,
    since = %(now)s,
    set_by = %(by)s
WHERE t.name = %(name)s;
