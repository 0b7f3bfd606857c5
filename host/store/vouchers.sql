-- What only vouchers are decided over, and what is kept of their uses. Columns come as arrays
-- (host.store.arrays).

-- name: voucher_uses
-- Which vouchers these journals used, and what of them.
SELECT
    u.journal_id,
    u.voucher_shard,
    u.voucher_id,
    u.given,
    u.bought
FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
INNER JOIN voucher_use AS u ON k.shard = u.shard AND k.id = u.journal_id;

-- name: hold_vouchers
-- By their codes or their numbers, in one order, until this batch is stored: whoever uses one of
-- them at the same time, from another shard or by hand, waits, and finds it as it was left. What
-- was used of one counts where nothing that stands has undone it. One that an enterprise gave out
-- is for what the department of whom it was given to may redeem.
WITH wanted AS (
    SELECT
        c.shard,
        c.pan_hash
    FROM (
        SELECT unnest(%s::smallint []) AS shard, unnest(%s::bytea []) AS pan_hash
    ) AS k
    INNER JOIN card AS c ON k.shard = c.shard AND k.pan_hash = c.pan_hash
    UNION
    SELECT
        c.shard,
        c.pan_hash
    FROM (SELECT unnest(%s::smallint []) AS shard, unnest(%s::bigint []) AS id) AS k
    INNER JOIN card AS c ON k.shard = c.shard AND k.id = c.id
)

SELECT
    c.pan_hash,
    c.shard,
    c.id,
    c.issuer_id,
    c.status,
    c.expiry,
    c.part_id,
    c.sale,
    c.valid_from,
    c.valid_to,
    c.member_id,
    c.pan_masked,
    coalesce(used.given, 0)::integer AS given,
    coalesce(used.bought, 0)::integer AS bought,
    NOT EXISTS (
        SELECT FROM staff_voucher AS g
        INNER JOIN employee AS s ON g.employee_id = s.id
        INNER JOIN department AS d ON s.enterprise_id = d.enterprise_id AND s.department = d.name
        WHERE
            g.card_id = c.id
            AND NOT CASE g.gives WHEN 'goods' THEN d.may_goods ELSE d.may_services END
    ) AS is_permitted
FROM wanted AS w
INNER JOIN card AS c ON w.shard = c.shard AND w.pan_hash = c.pan_hash
LEFT JOIN LATERAL (
    SELECT
        sum(u.given) AS given,
        sum(u.bought) AS bought
    FROM voucher_use AS u
    WHERE
        u.shard = c.shard
        AND u.voucher_id = c.id
        AND NOT EXISTS (
            SELECT FROM undo AS d
            LEFT JOIN undo AS r
                ON d.shard = r.shard AND d.journal_id = r.original_id AND NOT r.is_moot
            WHERE d.shard = u.shard AND d.original_id = u.journal_id AND r.original_id IS NULL
        )
) AS used ON true
ORDER BY c.shard, c.pan_hash
FOR UPDATE OF c;

-- name: wrong_codes
-- What is counted of terminals.
SELECT
    source,
    tries,
    began_at
FROM code_try
WHERE source = any(%s::text []);

-- name: move_vouchers
-- Used, or given back. One that stands otherwise than it was held is refused with its batch.
-- notes: card
UPDATE card AS t SET status = CASE WHEN t.status = r.status_before THEN r.status END
FROM (
    SELECT
        unnest(%s::smallint []) AS shard,
        unnest(%s::bigint []) AS id,
        unnest(%s::text []) AS status,
        unnest(%s::text []) AS status_before
) AS r
WHERE t.shard = r.shard AND t.id = r.id;

-- name: add_voucher_uses
-- Beside their journals.
-- notes: voucher_use
INSERT INTO voucher_use AS t (shard, journal_id, voucher_shard, voucher_id, given, bought)
SELECT
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::bigint []),
    unnest(%s::smallint []),
    unnest(%s::smallint []);

-- name: count_wrong_codes
-- A terminal has sent codes of no voucher.
-- notes: code_try
INSERT INTO code_try AS t (source, tries, began_at)
VALUES (%s, %s, %s)
ON CONFLICT ON CONSTRAINT code_try_once
DO UPDATE SET tries = excluded.tries, began_at = excluded.began_at;
