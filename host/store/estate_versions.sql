-- The version of the estate: what changed of what the book holds, in the order of its commits.

-- name: next_version
-- Whoever changes the estate waits here for who did before, so that versions come as commits do.
-- notes: estate_version
UPDATE estate_version AS t SET version = t.version + 1 WHERE t.is_the_one
RETURNING t.version;

-- name: add_change
-- What is to be read again.
-- notes: estate_change
INSERT INTO estate_change AS t (version, relation, key)
VALUES (%s, %s, %s);

-- name: version
-- How far the estate has come.
SELECT version FROM estate_version WHERE is_the_one;

-- name: changes_since
-- What changed after a version that somebody has read.
SELECT version, relation, key FROM estate_change WHERE version > %s ORDER BY version;
