-- Members who come by a file.

-- name: known_members
-- Which of these phones somebody has.
SELECT phone_hash FROM member
WHERE phone_hash = any(%s::bytea []);

-- name: add_members
-- Those whose phone nobody had.
-- notes: member
INSERT INTO member AS t (
    merchant_id, made_by, made_at, phone_hash, phone_sealed, phone_masked, name
)
SELECT
    %s::integer,
    %s::text,
    %s::timestamptz,
    r.*
FROM unnest(%s::bytea [], %s::bytea [], %s::text [], %s::text []) AS r
ON CONFLICT ON CONSTRAINT member_by_phone DO NOTHING;
