-- Members who come by a file.

-- name: known_members
-- Which of these phones are of members whom the issuer has brought.
SELECT phone_hash FROM member
WHERE phone_hash = any(%s::bytea []) AND issuer_id = %s;

-- name: add_members
-- Who is new here, as their holder; who has one already, as a record of the issuer's own. A
-- merchant that has them has them once.
-- notes: member
INSERT INTO member AS t (
    issuer_id, made_by, made_at, phone_hash, phone_sealed, phone_masked, name, merchant_id,
    record_at
)
SELECT
    %(issuer)s::smallint,
    %(who)s::text,
    %(at)s::timestamptz,
    r.*,
    CASE
        WHEN
            NOT EXISTS (
                SELECT FROM member AS h
                WHERE h.phone_hash = r.phone_hash AND h.merchant_id = %(merchant)s::integer
            )
            THEN %(merchant)s::integer
    END AS merchant_id,
    CASE
        WHEN EXISTS (SELECT FROM member AS h WHERE h.phone_hash = r.phone_hash)
            THEN 'issuer/' || %(issuer)s::smallint
        ELSE ''
    END AS record_at
FROM
    unnest(
        %(hashes)s::bytea [], %(sealed)s::bytea [], %(masked)s::text [], %(names)s::text []
    ) AS r (phone_hash, phone_sealed, phone_masked, name)
ON CONFLICT ON CONSTRAINT member_by_phone DO NOTHING;
