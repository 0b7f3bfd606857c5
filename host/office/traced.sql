-- What is told of postings to whoever asks by a number.

-- name: sealed_where
-- Of postings: in which city, under which seal, and whether that is there and follows the one
-- before it. A step of the key for each.
SELECT
    j.id,
    coalesce(m.city, '') AS city,
    j.seal,
    coalesce(
        s.previous = coalesce(b.digest, decode(repeat('00', 32), 'hex'))
        AND (j.seal = 1) = (b.digest IS NULL),
        false
    ) AS is_whole,
    s.digest
FROM unnest(%(numbers)s::bigint []) AS n (id)
INNER JOIN journal AS j ON j.shard = %(shard)s AND n.id = j.id
LEFT JOIN merchant AS m ON j.merchant_id = m.id
LEFT JOIN seal AS s ON j.shard = s.shard AND j.seal = s.seq
LEFT JOIN seal AS b ON j.shard = b.shard AND b.seq = j.seal - 1;

-- name: newest_head
-- Where every chain stood when it was last signed.
SELECT
    number,
    body,
    signature
FROM signed_head
ORDER BY number DESC
LIMIT 1;
