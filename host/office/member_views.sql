-- What members see of their own.

-- name: wallet
-- What a member has, what ends first before the rest: of each card what may be spent, what is held,
-- and what has left it as gifts of theirs that wait.
SELECT
    c.id,
    c.pan_masked,
    i.institution_id AS issuer,
    b.product_id AS product,
    c.status AS card_status,
    coalesce(money.posted_minor - money.held_minor, 0)::bigint AS free_minor,
    coalesce(money.held_minor, 0)::bigint AS held_minor,
    coalesce(gifts.waiting_minor, 0)::bigint AS waiting_minor,
    (
        SELECT sum(p.spendable_minor)::bigint
        FROM purse_now AS p
        WHERE p.shard = c.shard AND p.card_id = c.id AND p.unit <> i.currency
    ) AS points,
    coalesce(
        c.valid_to, (to_date(c.expiry, 'YYMM') + interval '1 month' - interval '1 day')::date
    ) AS last_day,
    c.member_id AS member,
    c.issuer_id AS of_issuer,
    c.member_id AS of_member
FROM card AS c
INNER JOIN issuer AS i ON c.issuer_id = i.id
LEFT JOIN card_batch_part AS q ON c.part_id = q.id
LEFT JOIN card_batch AS b ON q.batch_id = b.id
LEFT JOIN LATERAL (
    SELECT
        p.posted_minor,
        p.held_minor
    FROM purse AS p
    WHERE p.shard = c.shard AND p.card_id = c.id AND p.unit = i.currency
) AS money ON true
LEFT JOIN LATERAL (
    SELECT sum(j.amount_minor) AS waiting_minor
    FROM gift AS g
    INNER JOIN journal AS j ON g.shard = j.shard AND g.journal_id = j.id
    WHERE
        g.shard = c.shard
        AND g.card_id = c.id
        AND g.state = 'reserved'
        AND g.sender_id IS NOT DISTINCT FROM c.member_id
) AS gifts ON true;

-- name: points
-- What a card has in each programme, lot by lot, those that expire first: whence each is, and what
-- is left of it. How somebody earned it who had the card before is not its member's to see.
SELECT
    o.expires,
    o.lot,
    o.programme,
    o.spendable,
    o.pending,
    o.next_expiry,
    CASE WHEN o.is_told THEN o.source END AS source,
    CASE WHEN o.is_told THEN o.rule END AS rule,
    CASE WHEN o.is_told THEN o.earned_on END AS earned_on,
    CASE
        WHEN
            o.is_told
            OR o.available_from > coalesce(
                (SELECT d.business_date FROM business_day AS d WHERE d.state = 'open'), %(today)s
            )
            THEN o.available_from
    END AS available_from,
    CASE WHEN o.is_told THEN o.points END AS points,
    o.remaining,
    o.card,
    o.of_issuer,
    o.of_member
FROM (
    SELECT
        CASE
            WHEN l.expires_on = '9999-12-31'
                THEN 'never'
            ELSE to_char(l.expires_on, 'YYYY-MM-DD')
        END AS expires,
        concat_ws('/', l.id, substr(p.unit, 3)) AS lot,
        substr(p.unit, 3) AS programme,
        p.spendable_minor AS spendable,
        p.pending_minor AS pending,
        (
            SELECT nullif(min(o.expires_on), '9999-12-31')
            FROM lot AS o
            WHERE
                o.shard = l.shard
                AND o.account_id = l.account_id
                AND o.remaining <> 0
                AND o.remaining > 0
        ) AS next_expiry,
        j.kind AS source,
        e.rule,
        l.earned_on,
        l.available_from,
        l.points,
        l.remaining,
        (
            NOT %(is_member)s
            OR c.member_since IS NULL
            OR coalesce(x.decided_at >= c.member_since, false)
        ) AS is_told,
        c.id AS card,
        c.issuer_id AS of_issuer,
        c.member_id AS of_member
    FROM card AS c
    INNER JOIN purse_now AS p ON c.shard = p.shard AND c.id = p.card_id
    INNER JOIN lot AS l ON p.shard = l.shard AND p.account_id = l.account_id AND l.remaining <> 0
    LEFT JOIN journal AS j ON l.shard = j.shard AND l.id = j.id
    LEFT JOIN earned_by AS e ON l.shard = e.shard AND l.id = e.journal_id AND p.unit = e.unit
    LEFT JOIN exchange AS x ON j.home = x.home AND j.slot = x.slot AND %(is_member)s
) AS o;

-- name: my_moves
-- The cards whose trails are read.
SELECT
    c.id,
    c.member_id AS of_member
FROM card AS c;

-- name: my_gifts
-- From the side of each member: what they gave, what they got, and what waits for their phone.
SELECT
    g.journal_id AS id,
    g.direction,
    g.state,
    g.ended_as,
    j.amount_minor,
    j.unit,
    g.phone_masked AS phone,
    g.from_name,
    g.wish,
    g.sent_at AS given_at,
    g.due_at AS expires_at,
    g.ended_at,
    g.of_member
FROM (
    SELECT
        gift.*,
        'given' AS direction,
        gift.sender_id AS of_member
    FROM gift
    UNION ALL
    SELECT
        gift.*,
        'got' AS direction,
        gift.receiver_id AS of_member
    FROM gift
    WHERE gift.receiver_id IS NOT NULL
    UNION ALL
    SELECT
        w.*,
        'waits' AS direction,
        m.id AS of_member
    FROM member AS m
    INNER JOIN LATERAL (
        SELECT gift.*
        FROM gift
        WHERE gift.phone_hash = m.phone_hash
        ORDER BY gift.journal_id DESC
        LIMIT 200
    ) AS w ON true
    WHERE m.record_at = '' AND w.state = 'reserved'
) AS g
LEFT JOIN LATERAL (
    SELECT
        journal.amount_minor,
        journal.unit
    FROM journal
    WHERE journal.shard = g.shard AND journal.id = g.journal_id
    ORDER BY journal.id
    LIMIT 1
) AS j ON true;

-- name: port_payments
-- What members paid over ports for cards, and what was paid beside that and went back.
SELECT
    t.id AS payment,
    t.port,
    exists(
        SELECT FROM port_simulated AS s WHERE s.order_number = t.order_number
    ) AS is_simulated,
    t.order_number,
    t.state AS payment_state,
    t.amount_minor,
    t.member_id AS member,
    c.pan_masked,
    t.asked_at,
    t.paid_at,
    t.reference AS port_reference,
    (SELECT count(*) FROM port_payment_more AS o WHERE o.payment_id = t.id) AS more_paid,
    t.refusal,
    t.looks,
    t.next_look_at,
    t.member_id AS of_member
FROM port_payment AS t
INNER JOIN card AS c ON t.shard = c.shard AND t.card_id = c.id;

-- name: my_stores
-- Of each member: stores in use that take a card of theirs.
SELECT
    s.id,
    s.name,
    m.name AS at_merchant,
    s.address,
    s.hours,
    s.phone,
    s.region,
    s.coordinates,
    k.member_id AS of_member
FROM (
    SELECT DISTINCT
        c.member_id,
        a.merchant_id
    FROM card AS c
    INNER JOIN acceptance AS a ON c.issuer_id = a.issuer_id
    WHERE c.member_id IS NOT NULL AND c.status = 'active'
) AS k
INNER JOIN merchant AS m ON k.merchant_id = m.id AND m.is_active
INNER JOIN store AS s ON m.id = s.merchant_id AND s.is_active;

-- name: my_profile
-- What a member has said of themselves, and how they are found.
SELECT
    m.id AS member,
    m.name,
    m.phone_masked AS phone,
    m.state,
    m.made_at,
    p.pay_pin_hash IS NOT NULL AS has_pay_pin,
    m.id AS of_member
FROM member AS m
LEFT JOIN person AS p ON m.id = p.member_id;

-- name: mails
-- Letters, as who is at the other end of them than a member sees them. Member and card are looked
-- up for each, so that rows come in the order of their numbers.
SELECT
    l.id AS mail,
    l.wrote_at,
    l.way AS mail_way,
    l.record_id AS member,
    (
        SELECT left(nullif(m.name, ''), 1) || '*' FROM member AS m WHERE m.id = l.member_id
    ) AS name,
    l.topic,
    l.title,
    l.body AS text,
    c.pan_masked,
    l.thread,
    CASE WHEN l.way = 'to_member' THEN l.written_by END AS written_by,
    CASE l.way WHEN 'to_member' THEN l.member_seen_at ELSE l.office_seen_at END AS read_at,
    l.office_seen_at,
    l.issuer_id AS of_issuer,
    l.merchant_id AS of_merchant,
    (l.merchant_id IS NULL AND l.issuer_id IS NULL) AS of_platform
FROM letter AS l
LEFT JOIN LATERAL (
    SELECT card.pan_masked
    FROM card
    WHERE card.id = l.card_id
    ORDER BY card.id
    LIMIT 1
) AS c ON true;

-- name: my_mails
-- The same for the member: whom they wrote to, or who wrote, by name; of neither, the platform.
SELECT
    l.id AS mail,
    l.wrote_at,
    l.way AS mail_way,
    coalesce(
        (SELECT m.name FROM merchant AS m WHERE m.id = l.merchant_id),
        (SELECT i.name FROM issuer AS i WHERE i.id = l.issuer_id)
    ) AS at_office,
    l.topic,
    l.title,
    l.body AS text,
    c.pan_masked,
    l.thread,
    CASE l.way WHEN 'to_member' THEN l.member_seen_at ELSE l.office_seen_at END AS read_at,
    l.member_seen_at,
    l.member_id AS of_member
FROM letter AS l
LEFT JOIN LATERAL (
    SELECT card.pan_masked
    FROM card
    WHERE card.id = l.card_id
    ORDER BY card.id
    LIMIT 1
) AS c ON true
WHERE l.member_dropped_at IS NULL;

-- name: lottery_proof
-- By its code: what it is called. Its file is put together behind it.
SELECT
    o.code AS lottery,
    o.name,
    o.state,
    encode(o.commitment, 'hex') AS commitment,
    '' AS content
FROM lottery AS o;
