-- Edits of the estate that were made by hand, and who takes them over.

-- name: one_form
-- Digests are made in one form, whatever the session's own.
SELECT
    set_config('timezone', 'UTC', true),
    set_config('bytea_output', 'hex', true);

-- name: lock
-- One at a time, so that two people at two keyboards ask and agree in an order.
LOCK TABLE takeover IN EXCLUSIVE MODE;

-- name: waiting
-- What has been asked and nobody has agreed to yet.
SELECT
    relation,
    key,
    digest,
    reason,
    asked_by,
    asked_at
FROM takeover
ORDER BY relation, key;

-- name: kept_contents
-- What rows said after changes that were made over edits, and after the change before each; and
-- whether that is all that they were.
SELECT
    gap.number,
    was.content,
    became.content,
    sha256(convert_to(was.content::text, 'UTF8')) = was.digest
    AND sha256(convert_to(became.content::text, 'UTF8')) = became.digest AS is_all
FROM unnest(%s::bigint [], %s::bigint []) AS gap (number, number_before)
INNER JOIN change AS became ON became.id = gap.number
LEFT JOIN change AS was ON was.id = gap.number_before;

-- name: ask
-- One person's word; asked anew where the row has changed since.
-- notes: takeover
INSERT INTO takeover AS t (relation, key, digest, reason, asked_by, asked_at)
VALUES (%(relation)s, %(key)s, %(digest)s, %(reason)s, %(asked_by)s, %(asked_at)s)
ON CONFLICT (relation, key) DO UPDATE
    SET
        digest = excluded.digest,
        reason = excluded.reason,
        asked_by = excluded.asked_by,
        asked_at = excluded.asked_at;

-- name: forget
-- It was agreed to, or what was asked for is no longer so.
-- notes: takeover
DELETE FROM takeover AS t WHERE t.relation = %(relation)s AND t.key = %(key)s;
