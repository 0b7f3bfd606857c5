-- Points that have expired, as the house finds them.

-- name: open_date
-- Under which date it is, and whether what had expired before it was written off.
SELECT
    d.business_date,
    x.business_date IS NOT NULL AS is_finished
FROM business_day AS d
LEFT JOIN points_expiry AS x ON d.business_date = x.business_date
WHERE d.state = 'open';

-- name: expired
-- Cards with points in lots that have expired, behind the last account seen, each with its first
-- such lot. The index of unspent lots is walked along, spent ones are not in it. Where other lots
-- owe as much as has expired, nothing is lost: it pays them there.
SELECT
    f.shard,
    f.account_id,
    f.id,
    whose.pan_hash,
    whose.unit
FROM (
    SELECT DISTINCT ON (l.shard, l.account_id)
        l.shard,
        l.account_id,
        l.id
    FROM lot AS l
    WHERE
        l.remaining <> 0
        AND l.remaining > 0
        AND l.expires_on < %(today)s
        AND (l.shard, l.account_id) > (%(shard)s, %(account)s)
    ORDER BY l.shard ASC, l.account_id ASC, l.expires_on ASC, l.id ASC
) AS f
INNER JOIN LATERAL (
    SELECT
        p.unit,
        c.pan_hash
    FROM purse AS p
    INNER JOIN card AS c ON p.shard = c.shard AND p.card_id = c.id
    WHERE p.shard = f.shard AND p.account_id = f.account_id AND p.posted_minor > 0
    ORDER BY p.account_id
    LIMIT 1
) AS whose ON true
WHERE (
    SELECT sum(o.remaining)
    FROM lot AS o
    WHERE
        o.shard = f.shard
        AND o.account_id = f.account_id
        AND o.remaining <> 0
        AND (o.remaining < 0 OR o.expires_on < %(today)s)
) > 0
ORDER BY f.shard ASC, f.account_id ASC
LIMIT %(limit)s;

-- name: finish
-- Nothing is left of what had expired before this date.
-- notes: points_expiry
INSERT INTO points_expiry AS t (business_date, postings, finished_at)
VALUES (%(today)s, %(postings)s, %(now)s)
ON CONFLICT (business_date) DO NOTHING;
