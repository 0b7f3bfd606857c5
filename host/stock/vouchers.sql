-- Vouchers as people take them, hand them out, and give them another code.

-- name: voucher_of_code
-- By the hash of its code, with what its batch and its product say. Nothing is held: the poster
-- asks again, and has the last word.
SELECT
    c.id,
    c.shard,
    c.pan_hash,
    c.pan_masked,
    c.status,
    coalesce(c.sale, ''),
    coalesce(c.member_id, 0),
    b.state,
    p.state,
    b.id,
    b.claims_max,
    c.valid_from,
    c.valid_to,
    v.kind,
    i.currency,
    b.merchants,
    b.stores,
    b.name,
    b.face_minor,
    NOT EXISTS (
        SELECT FROM staff_voucher AS g
        INNER JOIN employee AS s ON g.employee_id = s.id
        INNER JOIN department AS d ON s.enterprise_id = d.enterprise_id AND s.department = d.name
        WHERE
            g.card_id = c.id
            AND NOT CASE g.gives WHEN 'goods' THEN d.may_goods ELSE d.may_services END
    ) AS is_permitted,
    b.is_reviewed,
    c.issuer_id
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
INNER JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version AND v.kind <> 'card'
INNER JOIN issuer AS i ON c.issuer_id = i.id
WHERE c.shard = %s AND c.pan_hash = %s;

-- name: hold_voucher
-- Until the end of the transaction, by its number: the poster and other people wait, and find it
-- as it is left.
SELECT
    c.status,
    c.shard,
    c.pan_hash,
    coalesce(c.member_id, 0)
FROM card AS c WHERE c.id = %s FOR UPDATE;

-- name: counter
-- At which counter a store's people stand.
SELECT
    s.merchant_id,
    s.id,
    s.region
FROM store AS s WHERE s.id = %s;

-- name: newest_use
-- When and where the newest use of a voucher was that nothing has undone.
SELECT
    e.decided_at,
    j.merchant_id,
    coalesce(t.store_id, 0),
    coalesce(s.name, m.name, '')
FROM voucher_use AS u
INNER JOIN journal AS j ON u.shard = j.shard AND u.journal_id = j.id
INNER JOIN exchange AS e ON j.home = e.home AND j.slot = e.slot
LEFT JOIN merchant AS m ON j.merchant_id = m.id
LEFT JOIN terminal AS t ON j.terminal_id = t.terminal_id
LEFT JOIN store AS s ON t.store_id = s.id
WHERE
    u.voucher_id = %s
    AND NOT EXISTS (
        SELECT FROM undo AS d
        LEFT JOIN undo AS r
            ON d.shard = r.shard AND d.journal_id = r.original_id AND NOT r.is_moot
        WHERE d.shard = u.shard AND d.original_id = u.journal_id AND r.original_id IS NULL
    )
ORDER BY u.journal_id DESC
LIMIT 1;

-- name: pickup_used
-- When and at which store a pick-up code was used.
SELECT
    p.used_at,
    s.merchant_id,
    s.name
FROM pickup_use AS p
INNER JOIN store AS s ON p.store_id = s.id
WHERE p.used_hash = %s;

-- name: use_pickup
-- Once: who comes later puts nothing in.
-- notes: pickup_use
INSERT INTO pickup_use AS t (used_hash, card_id, store_id, used_at, used_by)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT pickup_use_once DO NOTHING
RETURNING t.card_id;

-- name: hold_member
-- Whoever claims for them at the same time waits, and counts what was claimed.
SELECT m.id FROM member AS m WHERE m.id = %s FOR UPDATE;

-- name: claimed_of_batch
-- How many vouchers of a batch a member has claimed, whatever became of them.
SELECT count(*)
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
WHERE p.batch_id = %s AND c.member_id = %s;

-- name: unclaimed
-- The first vouchers of a batch that nobody has, held: who takes some at the same time passes them.
SELECT
    c.id,
    c.status
FROM card_batch_part AS p
INNER JOIN card AS c ON p.id = c.part_id
WHERE
    p.batch_id = %s
    AND p.state = 'opened'
    AND c.status = 'issued'
    AND c.sale = 'unsold'
    AND c.member_id IS NULL
ORDER BY c.id
LIMIT %s
FOR UPDATE OF c SKIP LOCKED;

-- name: batch_to_claim
-- How a batch stands, and how many of it a member may claim.
SELECT
    b.id,
    b.state,
    b.claims_max
FROM card_batch AS b WHERE b.id = %s;

-- name: claim_vouchers
-- They are a member's from now on.
-- notes: card
UPDATE card AS t SET status = 'claimed', sale = 'allocated', member_id = %s
WHERE t.id = any(%s::bigint []);

-- name: add_claim
-- By which channel, and who did it.
-- notes: voucher_claim
INSERT INTO voucher_claim AS t (card_id, member_id, channel, claimed_at, claimed_by)
SELECT
    unnest(%s::bigint []),
    %s,
    %s,
    %s,
    %s;

-- name: give_code
-- The code before is nobody's any more, in the same statement.
-- notes: card rekeyed
UPDATE card AS t SET pan_hash = %s, pan_masked = %s, pan_sealed = %s WHERE t.id = %s;
