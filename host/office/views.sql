-- What views show, by their ids: their columns, and whose each row is. The reader puts scope,
-- filters, place and limit around each, so it yields rows as they are found by an index.

-- name: people
-- Operators; their roles are those in force.
SELECT
    p.id,
    p.login,
    p.name,
    array(
        SELECT g.role || '@' || g.scope
        FROM person_grant AS g
        WHERE
            g.person_id = p.id
            AND g.ended_at IS NULL
            AND (g.until_at IS NULL OR g.until_at > %(now)s)
        ORDER BY g.id
    ) AS roles,
    p.phone_masked AS phone,
    p.state,
    p.totp_is_on AS has_totp,
    p.signed_in_at,
    p.issuer_id AS of_issuer,
    p.merchant_id AS of_merchant,
    p.store_id AS of_store,
    p.enterprise_id AS of_enterprise,
    p.alliance_id AS of_alliance,
    p.member_id AS of_member
FROM person AS p
WHERE NOT p.is_client;

-- name: grants
-- Who may be what, also later on and until lately.
SELECT
    g.id,
    p.login,
    p.name,
    g.role,
    g.scope,
    coalesce(e.code, i.institution_id, s.id::text, m.merchant_id, a.code, '') AS scope_key,
    g.rights,
    g.limit_minor,
    g.from_at,
    g.until_at,
    b.login AS granted_by,
    g.ended_at,
    g.issuer_id AS of_issuer,
    g.merchant_id AS of_merchant,
    g.store_id AS of_store,
    g.alliance_id AS of_alliance
FROM person_grant AS g
INNER JOIN person AS p ON g.person_id = p.id
LEFT JOIN person AS b ON g.granted_by = b.id
LEFT JOIN issuer AS i ON g.issuer_id = i.id
LEFT JOIN merchant AS m ON g.merchant_id = m.id
LEFT JOIN store AS s ON g.store_id = s.id
LEFT JOIN alliance AS a ON g.alliance_id = a.id
LEFT JOIN enterprise AS e ON g.enterprise_id = e.id;

-- name: approvals
-- What waits for another person, and what became of it.
SELECT
    a.id,
    a.action,
    a.subject_kind,
    a.subject_key,
    a.asked,
    a.foretold,
    p.login AS asked_by,
    a.asked_at,
    a.expires_at,
    greatest(extract(EPOCH FROM a.expires_at - %(now)s::timestamptz), 0)::integer AS seconds_left,
    a.state,
    d.login AS decided_by,
    a.decided_at,
    a.note,
    CASE
        WHEN a.state = 'failed'
            THEN jsonb_build_object(
                'why', concat_ws(': ', a.outcome ->> 'code', a.outcome ->> 'en')
            )
        ELSE a.outcome -> 'told'
    END AS came_of_it,
    a.asked_by AS asker,
    a.issuer_id AS of_issuer,
    a.merchant_id AS of_merchant,
    a.store_id AS of_store,
    a.member_id AS of_member,
    a.enterprise_id AS of_enterprise,
    a.alliance_id AS of_alliance
FROM approval AS a
INNER JOIN person AS p ON a.asked_by = p.id
LEFT JOIN person AS d ON a.decided_by = d.id;

-- name: audit
-- Every line of history.
SELECT
    h.id,
    h.at,
    p.login AS person,
    h.acting_as,
    h.action,
    h.subject_kind,
    h.subject_key,
    h.before,
    h.after,
    h.note,
    h.approval_id AS approval,
    h.source,
    h.outcome,
    h.issuer_id AS of_issuer,
    h.merchant_id AS of_merchant,
    h.store_id AS of_store,
    h.member_id AS of_member
FROM history AS h
LEFT JOIN person AS p ON h.person_id = p.id;

-- name: disclosures
-- What was let out, and what was shown.
SELECT
    d.id,
    d.at,
    p.login AS person,
    d.kind,
    d.subject_kind,
    d.subject_key,
    d.what,
    d.values_shown,
    d.has_secrets,
    d.recipient,
    d.purpose,
    d.released_by,
    d.downloads,
    d.downloaded_at,
    encode(f.sha256, 'hex') AS sha256,
    d.issuer_id AS of_issuer,
    d.merchant_id AS of_merchant
FROM disclosure AS d
INNER JOIN person AS p ON d.person_id = p.id
LEFT JOIN office_file AS f ON d.file_id = f.id;

-- name: shipments
-- What was sent to who sells it.
SELECT
    s.id,
    s.reference,
    b.code AS batch,
    s.cards,
    s.recipient,
    s.carrier,
    s.tracking,
    s.state,
    s.sent_by,
    s.sent_at,
    s.issuer_id AS of_issuer
FROM shipment AS s
INNER JOIN card_batch AS b ON s.batch_id = b.id;

-- name: jobs
-- Long work, and how far it is; to who asked for it, the file that waits for them.
SELECT
    j.id,
    j.action,
    j.subject_kind,
    j.subject_key,
    j.state,
    j.done,
    j.total,
    p.login AS asked_by,
    j.asked_at,
    j.started_at,
    j.beat_at,
    j.ended_at,
    (
        j.done
        / nullif(extract(EPOCH FROM coalesce(j.ended_at, j.beat_at) - j.started_at), 0)
    )::bigint AS per_second,
    CASE
        WHEN j.ended_at IS NULL
            THEN ceil(
                (j.total - j.done)
                * extract(EPOCH FROM j.beat_at - j.started_at) / nullif(j.done, 0)
            )::bigint
    END AS seconds_left,
    j.error,
    j.error_zh,
    f.id AS file,
    f.name AS file_name,
    f.expires_at,
    j.asked_by AS asker,
    j.issuer_id AS of_issuer,
    j.merchant_id AS of_merchant,
    j.store_id AS of_store,
    j.enterprise_id AS of_enterprise,
    j.member_id AS of_member
FROM job AS j
INNER JOIN person AS p ON j.asked_by = p.id
LEFT JOIN office_file AS f
    ON
        f.id = (j.plan ->> 'file')::bigint AND f.person_id = %(me)s
        AND f.kind = 'export' AND f.state = 'ready' AND f.expires_at > %(now)s;

-- name: issuers
-- Whose cards there are.
SELECT
    i.institution_id,
    i.name,
    i.pan_prefix,
    i.currency,
    i.amount_minor_max,
    i.balance_minor_max,
    i.pin_tries_max,
    i.hold_days,
    i.hold_over_percent,
    i.is_active,
    i.id AS of_issuer
FROM issuer AS i;

-- name: merchants
-- Who sells.
SELECT
    m.merchant_id,
    m.name,
    m.trade,
    m.city,
    (SELECT count(*) FROM store AS s WHERE s.merchant_id = m.id) AS stores,
    (
        SELECT
            coalesce(
                sum((SELECT count(*) FROM terminal AS t WHERE t.store_id = s.id)), 0
            )::bigint
        FROM store AS s
        WHERE s.merchant_id = m.id
    ) AS terminals,
    array(
        SELECT i.institution_id
        FROM acceptance AS a
        INNER JOIN issuer AS i ON a.issuer_id = i.id
        WHERE a.merchant_id = m.id
        ORDER BY i.institution_id
    ) AS issuers,
    m.is_active,
    m.closed_on,
    m.id AS of_merchant
FROM merchant AS m;

-- name: programmes
-- By whose points are earned.
SELECT
    p.code AS programme,
    p.name,
    i.institution_id AS issuer,
    a.code AS alliance,
    m.merchant_id AS merchant,
    p.earn_points,
    p.earn_per_minor,
    p.redemption_points_min,
    now_on.life AS lot_life,
    now_on.life_count AS lot_count,
    now_on.pending_days,
    later.life AS next_life,
    paid.points AS price_points,
    paid.worth_minor AS price_minor,
    p.debt_is_allowed,
    p.is_primary,
    p.version,
    p.issuer_id AS of_issuer,
    p.alliance_id AS of_alliance,
    p.merchant_id AS of_merchant
FROM programme AS p
LEFT JOIN issuer AS i ON p.issuer_id = i.id
LEFT JOIN alliance AS a ON p.alliance_id = a.id
LEFT JOIN merchant AS m ON p.merchant_id = m.id
LEFT JOIN business_day AS d ON d.state = 'open'
LEFT JOIN LATERAL (
    SELECT
        l.life,
        l.life_count,
        l.pending_days
    FROM points_life AS l
    WHERE l.programme = p.code AND l.since <= coalesce(d.business_date, %(today)s)
    ORDER BY l.since DESC
    LIMIT 1
) AS now_on ON true
LEFT JOIN LATERAL (
    SELECT concat_ws(' ', l.since, l.life, nullif(l.life_count, 0)) AS life
    FROM points_life AS l
    WHERE l.programme = p.code AND l.since > coalesce(d.business_date, %(today)s)
    ORDER BY l.since
    LIMIT 1
) AS later ON true
LEFT JOIN LATERAL (
    SELECT
        r.points,
        r.worth_minor
    FROM points_price AS r
    WHERE r.programme = p.code AND r.since <= coalesce(d.business_date, %(today)s)
    ORDER BY r.since DESC
    LIMIT 1
) AS paid ON true;

-- name: earn_rules
-- What earns otherwise than all sales do, row by row: the latest that has begun stands.
SELECT
    r.programme,
    r.code AS rule,
    r.name,
    r.since,
    r.until,
    r.priority,
    concat_ws('/', r.times, nullif(r.per, 1)) AS times,
    r.bonus,
    r.points_max,
    r.points_max_day,
    r.points_max_month,
    r.amount_min_minor,
    r.amount_max_minor,
    array(
        SELECT m.merchant_id FROM merchant AS m
        WHERE m.id = any(r.merchants)
        ORDER BY m.merchant_id
    ) AS merchants,
    r.stores,
    r.categories,
    r.goods,
    r.products,
    r.weekdays,
    r.time_from,
    r.time_until,
    p.issuer_id AS of_issuer,
    p.alliance_id AS of_alliance
FROM earn_rule AS r
INNER JOIN programme AS p ON r.programme = p.code;

-- name: rates
-- At which rates points are converted: of two programmes the latest that has begun is in force.
SELECT
    r.id,
    r.from_programme,
    r.to_programme,
    concat_ws('/', r.times, nullif(r.per, 1)) AS rate,
    r.points_min,
    r.since AS from_at,
    r.since <= %(now)s AND NOT EXISTS (
        SELECT FROM rate AS later
        WHERE
            later.from_programme = r.from_programme
            AND later.to_programme = r.to_programme
            AND later.since > r.since
            AND later.since <= %(now)s
    ) AS in_force,
    r.made_by,
    p.issuer_id AS of_issuer,
    p.alliance_id AS of_alliance
FROM rate AS r
INNER JOIN programme AS p ON r.from_programme = p.code;

-- name: alliances
-- Who shares programmes: how many are in it on the open business date, of which there is one.
SELECT
    a.code AS alliance,
    a.name,
    array(
        SELECT p.code FROM programme AS p
        WHERE p.alliance_id = a.id
        ORDER BY p.code
    ) AS programmes,
    (
        SELECT count(*) FROM alliance_member AS m
        WHERE
            m.alliance_id = a.id
            AND m.issuer_id IS NOT NULL
            AND daterange(m.member_from, m.member_until, '[]')
            @> coalesce(d.business_date, %(today)s)
    ) AS issuers_in,
    (
        SELECT count(*) FROM alliance_member AS m
        WHERE
            m.alliance_id = a.id
            AND m.merchant_id IS NOT NULL
            AND daterange(m.member_from, m.member_until, '[]')
            @> coalesce(d.business_date, %(today)s)
    ) AS merchants_in,
    a.id AS of_alliance
FROM alliance AS a
LEFT JOIN business_day AS d ON d.state = 'open';

-- name: directory
-- Who is in which alliance, from when until when, and for what: members are few beside merchants.
SELECT
    concat_ws(
        '/', a.code, coalesce(i.institution_id, m.merchant_id), to_char(t.member_from, 'YYYY-MM-DD')
    ) AS membership,
    a.code AS alliance,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    coalesce(m.name, i.name) AS name,
    t.member_from AS since,
    t.member_until AS until,
    t.earns,
    t.redeems,
    m.introduction_zh,
    m.introduction_en,
    m.service_phone,
    t.issuer_id AS of_issuer,
    t.merchant_id AS of_merchant,
    t.alliance_id AS of_alliance
FROM alliance_member AS t
INNER JOIN alliance AS a ON t.alliance_id = a.id
LEFT JOIN issuer AS i ON t.issuer_id = i.id
LEFT JOIN LATERAL (
    SELECT
        merchant.merchant_id,
        merchant.name,
        merchant.introduction_zh,
        merchant.introduction_en,
        merchant.service_phone
    FROM merchant
    WHERE merchant.id = t.merchant_id
    ORDER BY merchant.id
    LIMIT 1
) AS m ON true;

-- name: vendors
-- Who makes an issuer's cards.
SELECT
    v.id,
    i.institution_id AS issuer,
    v.name,
    v.contact,
    v.note,
    v.issuer_id AS of_issuer
FROM vendor AS v
INNER JOIN issuer AS i ON v.issuer_id = i.id;

-- name: stores
-- Where they sell.
SELECT
    s.id,
    m.merchant_id AS merchant,
    s.name,
    s.address,
    s.hours,
    s.phone,
    s.region,
    s.coordinates,
    (SELECT count(*) FROM terminal AS t WHERE t.store_id = s.id) AS terminals,
    s.is_active,
    s.merchant_id AS of_merchant,
    s.id AS of_store
FROM store AS s
INNER JOIN merchant AS m ON s.merchant_id = m.id;

-- name: terminals
-- With what.
SELECT
    t.terminal_id,
    m.merchant_id AS merchant,
    t.store_id AS store,
    t.family,
    t.mac_algorithm,
    t.serial,
    t.epoch,
    (
        SELECT k.check_value
        FROM terminal_key AS k
        WHERE k.terminal_id = t.terminal_id
        ORDER BY k.generation DESC, k.usage DESC
        LIMIT 1
    ) AS key_check_value,
    t.key_generation,
    (
        SELECT r.reported_at FROM terminal_status AS r WHERE r.terminal_id = t.terminal_id
    ) AS reported_at,
    t.is_active,
    s.merchant_id AS of_merchant,
    t.store_id AS of_store
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
INNER JOIN merchant AS m ON s.merchant_id = m.id;

-- name: products
-- Each in its newest version.
SELECT
    p.id,
    i.institution_id AS issuer,
    p.code AS product_code,
    p.name,
    v.version,
    v.form,
    v.face_minor_min,
    v.face_minor_max,
    CASE
        WHEN v.kind = 'points_card'
            THEN 'P:' || coalesce((
                SELECT h.code FROM programme AS h WHERE h.issuer_id = p.issuer_id AND h.is_primary
            ), '')
        ELSE (SELECT o.currency FROM issuer AS o WHERE o.id = p.issuer_id)
    END AS unit,
    v.valid_from,
    v.valid_to,
    v.valid_days,
    v.is_reloadable,
    v.is_registered,
    false AS bears_interest,
    v.replacement_fee_minor_max,
    v.regifts_max,
    v.hold_days,
    v.hold_over_percent,
    v.breakage_days,
    p.issuer_id AS of_issuer
FROM product AS p
INNER JOIN issuer AS i ON p.issuer_id = i.id
INNER JOIN LATERAL (
    SELECT w.*
    FROM product_version AS w
    WHERE w.product_id = p.id
    ORDER BY w.version DESC
    LIMIT 1
) AS v ON true;

-- name: settings
-- What a setting is called is what it means, in the words of who reads.
SELECT
    replace(s.name, '_', '-') AS setting,
    s.name AS meaning,
    s.value AS figure,
    s.since,
    s.set_by
FROM office_setting AS s;

-- name: card_faces
-- Each in its newest version.
SELECT
    f.id,
    f.product_id AS product,
    f.name,
    f.version,
    f.state,
    v.title_zh,
    v.title_en,
    v.small_print,
    v.text_colour,
    v.qr_left,
    v.qr_top,
    v.qr_size,
    v.image_kind,
    v.width,
    v.height,
    v.made_by,
    v.made_at,
    p.issuer_id AS of_issuer
FROM card_face AS f
INNER JOIN product AS p ON f.product_id = p.id
INNER JOIN card_face_version AS v ON f.id = v.face_id AND f.version = v.version;

-- name: card_batches
-- The newest first.
SELECT
    b.id,
    b.code AS batch,
    b.name,
    b.product_id AS product,
    v.form,
    b.face_minor,
    CASE
        WHEN v.kind = 'points_card'
            THEN 'P:' || coalesce((
                SELECT h.code FROM programme AS h WHERE h.issuer_id = b.issuer_id AND h.is_primary
            ), '')
        ELSE (SELECT o.currency FROM issuer AS o WHERE o.id = b.issuer_id)
    END AS unit,
    (
        SELECT coalesce(sum(p.cards), 0)::bigint FROM card_batch_part AS p WHERE p.batch_id = b.id
    ) AS cards,
    b.responsible,
    w.name AS vendor,
    b.state,
    b.made_by,
    b.made_at,
    b.suspended_by,
    b.issuer_id AS of_issuer
FROM card_batch AS b
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
LEFT JOIN vendor AS w ON b.vendor_id = w.id;

-- name: batch_parts
-- Each is opened by itself.
SELECT
    p.id,
    b.code AS batch,
    p.number AS part,
    p.cards,
    p.made,
    p.state,
    p.added_by,
    p.added_at,
    p.opened_by,
    p.opened_at,
    b.issuer_id AS of_issuer
FROM card_batch_part AS p
INNER JOIN card_batch AS b ON p.batch_id = b.id;

-- name: cards
-- One card, or those of a member or a batch, with what they have.
SELECT
    c.id,
    c.pan_masked,
    i.institution_id AS issuer,
    b.product_id AS product,
    b.code AS batch,
    c.sale,
    c.status AS card_status,
    money.posted_minor AS balance_minor,
    money.held_minor,
    (
        SELECT sum(p.spendable_minor)::bigint
        FROM purse_now AS p
        WHERE p.shard = c.shard AND p.card_id = c.id AND p.unit <> i.currency
    ) AS points,
    c.member_id AS member,
    c.valid_from,
    c.valid_to,
    c.activated_at,
    c.issuer_id AS of_issuer
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
) AS money ON true;

-- name: card_events
-- The card whose trail is read.
SELECT
    c.id,
    c.issuer_id AS of_issuer
FROM card AS c;

-- name: trace
-- The card whose trail anybody may see.
SELECT c.id
FROM card AS c;

-- name: transactions
-- What is told of one the walk reads, by its name.
SELECT
    NULL::text AS step,
    NULL::integer AS of_issuer;

-- name: usages
-- The cards whose trails are read. At which merchant's they were used the walk reads.
SELECT
    c.id,
    c.member_id AS member,
    c.issuer_id AS of_issuer,
    c.member_id AS of_member
FROM card AS c;

-- name: activations
-- Of a batch, the newest first: how, by whom, for whom, and where the card stands now.
SELECT
    c.activated_id AS id,
    c.id AS card,
    b.code AS batch,
    c.part_id,
    b.name,
    c.pan_masked,
    j.amount_minor,
    CASE j.origin
        WHEN 'member' THEN 'holder'
        WHEN 'office' THEN 'office'
        WHEN 'terminal' THEN 'till'
    END AS way,
    c.member_id AS member,
    m.phone_masked AS phone,
    j.terminal_id AS terminal,
    t.merchant_id AS merchant,
    coalesce(j.terminal_id, j.made_by) AS made_by,
    c.activated_at,
    c.status AS card_status,
    c.issuer_id AS of_issuer,
    j.merchant_id AS of_merchant
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
LEFT JOIN member AS m ON c.member_id = m.id
LEFT JOIN journal AS j ON c.shard = j.shard AND c.activated_id = j.id
LEFT JOIN merchant AS t ON j.merchant_id = t.id
WHERE c.activated_id IS NOT NULL;

-- name: batch_cards
-- Without what a card is known or activated by.
SELECT
    c.id,
    c.pan_masked,
    c.sale,
    c.status AS card_status,
    c.member_id AS member,
    c.activated_at,
    c.valid_from,
    c.valid_to,
    c.issuer_id AS of_issuer
FROM card AS c
WHERE c.part_id IS NOT NULL;

-- name: allocations
-- Cards that were sold together.
SELECT
    s.id,
    s.product_id AS product,
    s.order_reference,
    s.channel,
    s.buyer,
    s.cards,
    s.price_minor,
    s.state,
    s.sold_by,
    s.sold_at,
    s.issuer_id AS of_issuer
FROM card_sale AS s;

-- name: members
-- Names and phones masked.
SELECT
    m.id,
    left(m.name, 1) || '*' AS name,
    m.phone_masked AS phone,
    right(m.phone_masked, 4) AS phone_last,
    t.merchant_id AS merchant,
    m.state,
    m.made_at,
    m.merchant_id AS of_merchant
FROM member AS m
LEFT JOIN merchant AS t ON m.merchant_id = t.id;

-- name: holds
-- What is held of cards and not over, what is over first. Card, issuer and merchant are looked up
-- for each, so that rows come in the order of their ends.
SELECT
    h.id,
    h.owner AS hold_kind,
    c.pan_masked,
    i.institution_id AS issuer,
    h.card_id AS card,
    h.amount_minor,
    h.held_minor,
    m.merchant_id AS merchant,
    h.terminal_id,
    h.opened_at AS held_at,
    h.expires_at,
    h.issuer_id AS of_issuer,
    h.merchant_id AS of_merchant
FROM hold AS h
LEFT JOIN issuer AS i ON h.issuer_id = i.id
LEFT JOIN merchant AS m ON h.merchant_id = m.id
LEFT JOIN LATERAL (
    SELECT card.pan_masked
    FROM card
    WHERE card.id = h.card_id
    ORDER BY card.id
    LIMIT 1
) AS c ON true
WHERE h.held_minor > 0;

-- name: gifts
-- What members give: the card it left, whom it is for, and where it is now. How much is looked up
-- for each, so that rows come in the order of gifts.
SELECT
    g.journal_id AS id,
    g.state,
    g.ended_as,
    j.amount_minor,
    i.institution_id AS issuer,
    g.card_id AS card,
    g.sender_id AS sender,
    g.phone_masked AS phone,
    g.receiver_id AS receiver,
    g.to_card,
    g.from_name,
    g.wish,
    g.sent_at AS given_at,
    g.due_at AS expires_at,
    g.ended_at,
    g.issuer_id AS of_issuer
FROM gift AS g
LEFT JOIN issuer AS i ON g.issuer_id = i.id
LEFT JOIN LATERAL (
    SELECT journal.amount_minor
    FROM journal
    WHERE journal.shard = g.shard AND journal.id = g.journal_id
    ORDER BY journal.id
    LIMIT 1
) AS j ON true;

-- name: lotteries
-- Lotteries: whose they are, what they were committed to, what was drawn and what is left.
SELECT
    o.id,
    o.code AS lottery,
    o.name,
    coalesce(
        'issuer ' || i.institution_id, 'merchant ' || m.merchant_id, 'alliance ' || a.code
    ) AS prize_owner,
    substr(o.unit, 3) AS programme,
    o.cost_points,
    o.cap,
    o.threshold_points,
    p.prizes,
    p.stock_left,
    encode(o.commitment, 'hex') AS commitment,
    o.opens_on,
    o.closes_on,
    p.draws,
    p.won,
    o.state,
    o.told_lines,
    encode(o.told_link, 'hex') AS told_link,
    o.issuer_id AS of_issuer,
    o.merchant_id AS of_merchant,
    o.alliance_id AS of_alliance
FROM lottery AS o
LEFT JOIN issuer AS i ON o.issuer_id = i.id
LEFT JOIN merchant AS m ON o.merchant_id = m.id
LEFT JOIN alliance AS a ON o.alliance_id = a.id
LEFT JOIN LATERAL (
    SELECT
        array_agg(
            concat_ws(
                ' ',
                prize.code,
                trim_scale(prize.parts / 10000.0) || chr(37),
                prize.kind,
                nullif(prize.amount, 0),
                prize.name
            )
            ORDER BY prize.place
        ) AS prizes,
        array_agg(
            prize.code || ' ' || (prize.stock - coalesce(s.taken, 0)) ORDER BY prize.place
        ) FILTER (WHERE prize.stock IS NOT NULL) AS stock_left,
        coalesce(sum(s.taken), 0)::bigint AS draws,
        coalesce(sum(s.taken) FILTER (WHERE prize.kind <> 'nothing'), 0)::bigint AS won
    FROM prize
    LEFT JOIN prize_stock AS s ON prize.lottery_id = s.lottery_id AND prize.place = s.place
    WHERE prize.lottery_id = o.id
) AS p ON true;

-- name: draws
-- Draws of a lottery in their order, and what became of each: who won is told masked.
SELECT
    d.seq AS draw,
    x.decided_at AS at,
    to_char('2020-01-01'::date + (d.journal_id / 1000000000)::integer, 'MMDD')
    || substr(
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        (mod(d.journal_id, 1000000000) / 10000000)::integer + 1,
        1
    )
    || lpad(mod(d.journal_id, 10000000)::text, 7, '0') AS rrn,
    b.phone_masked AS member_phone,
    p.code AS prize,
    p.name AS won,
    CASE
        WHEN
            (
                SELECT e.act FROM draw AS e
                WHERE e.lottery_id = d.lottery_id AND e.of_seq = d.seq
                ORDER BY e.seq DESC
                LIMIT 1
            ) = 'undone' THEN 'taken_back'
        WHEN p.kind = 'nothing' THEN 'nothing'
        WHEN p.kind IN ('points', 'value') THEN 'posted'
        WHEN h.journal_id IS NULL THEN 'owed'
        ELSE 'handed_out'
    END AS prize_state,
    encode(d.link, 'hex') AS link,
    o.code AS lottery,
    o.issuer_id AS of_issuer,
    o.merchant_id AS of_merchant,
    o.alliance_id AS of_alliance,
    d.member_id AS of_member
FROM lottery AS o
INNER JOIN draw AS d ON o.id = d.lottery_id AND d.act = 'draw'
LEFT JOIN prize AS p ON d.lottery_id = p.lottery_id AND d.place = p.place
LEFT JOIN prize_paid AS h ON d.shard = h.shard AND d.journal_id = h.journal_id
LEFT JOIN member AS b ON d.member_id = b.id
LEFT JOIN journal AS j ON d.shard = j.shard AND d.journal_id = j.id
LEFT JOIN exchange AS x ON j.home = x.home AND j.slot = x.slot;

-- name: expiries
-- Product by product and month, what is left on cards whose last day was in it, and what of it is
-- their issuer's by now. Cards keep the days of the version that they were made under.
SELECT
    e.month,
    e.product_id AS product,
    p.name,
    i.institution_id AS issuer,
    c.cards,
    c.left_minor,
    r.recognised_minor,
    c.breakage_days,
    e.issuer_id AS of_issuer
FROM expiry_month AS e
INNER JOIN product AS p ON e.product_id = p.id
INNER JOIN issuer AS i ON e.issuer_id = i.id
INNER JOIN LATERAL (
    SELECT
        count(*) AS cards,
        coalesce(sum(u.posted_minor), 0)::bigint AS left_minor,
        max(v.breakage_days) AS breakage_days
    FROM card_batch AS b
    INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
    INNER JOIN card_batch_part AS q ON b.id = q.batch_id
    INNER JOIN card AS d
        ON
            q.id = d.part_id
            AND d.status = 'expired'
            AND d.status NOT IN ('voided', 'replaced')
            AND d.valid_to >= e.month
            AND d.valid_to < e.month + interval '1 month'
    LEFT JOIN purse AS u
        ON d.shard = u.shard AND d.id = u.card_id AND position(':' IN u.unit) = 0
    WHERE b.product_id = e.product_id
) AS c ON true
INNER JOIN LATERAL (
    SELECT coalesce(sum(k.amount_minor), 0)::bigint AS recognised_minor
    FROM breakage AS k
    WHERE k.product_id = e.product_id AND k.month = e.month
) AS r ON true;

-- name: loads
-- Value that was loaded onto cards, by whatever way, the newest first. Of cash that a person took
-- the receipt is told; what was taken back since is not valid. Card and places are looked up for
-- each, so that rows come in the order of their numbers.
SELECT
    j.id,
    e.decided_at AS loaded_at,
    '2020-01-01'::date + (j.id / 1000000000)::integer AS business_date,
    j.kind AS way,
    j.card_id AS card,
    c.pan_masked,
    j.amount_minor,
    j.unit,
    i.institution_id AS issuer,
    m.merchant_id AS merchant,
    coalesce(j.terminal_id, j.made_by) AS taken_by,
    t.receipt,
    (
        SELECT u.journal_id
        FROM undo AS u
        LEFT JOIN LATERAL (
            SELECT undone.journal_id
            FROM undo AS undone
            WHERE
                undone.shard = u.shard AND undone.original_id = u.journal_id AND NOT undone.is_moot
            ORDER BY undone.attempt
            LIMIT 1
        ) AS b ON true
        WHERE u.shard = j.shard AND u.original_id = j.id AND b.journal_id IS NULL
        ORDER BY u.attempt
        LIMIT 1
    ) IS NULL AS is_valid,
    j.issuer_id AS of_issuer,
    j.merchant_id AS of_merchant
FROM journal AS j
LEFT JOIN exchange AS e ON j.home = e.home AND j.slot = e.slot
LEFT JOIN issuer AS i ON j.issuer_id = i.id
LEFT JOIN merchant AS m ON j.merchant_id = m.id
LEFT JOIN LATERAL (
    SELECT card.pan_masked
    FROM card
    WHERE card.id = j.card_id
    ORDER BY card.id
    LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT l.receipt
    FROM cash_load AS l
    WHERE j.kind = 'cash_taken' AND l.journal_id = j.id AND l.shard = j.shard
    ORDER BY l.id
    LIMIT 1
) AS t ON true
WHERE
    j.kind IN (
        'cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken', 'port_load'
    );

-- name: cash_positions
-- Cash that people have taken for cards and not handed in, person by person, and since when; what
-- each took and handed in on the open business date.
SELECT
    p.login,
    p.name,
    m.merchant_id AS merchant,
    o.loads,
    o.owed_minor,
    o.since,
    coalesce(g.taken_minor, 0) AS taken_today_minor,
    coalesce(h.handed_minor, 0) AS handed_today_minor,
    p.merchant_id AS of_merchant,
    p.store_id AS of_store
FROM person AS p
INNER JOIN LATERAL (
    SELECT
        count(*) AS loads,
        sum(t.amount_minor)::bigint AS owed_minor,
        min(t.asked_at) AS since
    FROM cash_load AS t
    WHERE t.taken_by = p.login AND t.state = 'taken'
    HAVING count(*) > 0
) AS o ON true
LEFT JOIN merchant AS m ON p.merchant_id = m.id
LEFT JOIN LATERAL (
    SELECT sum(t.amount_minor)::bigint AS taken_minor
    FROM cash_load AS t
    INNER JOIN business_day AS d ON t.taken_on = d.business_date AND d.state = 'open'
    WHERE t.taken_by = p.login AND t.state IN ('taken', 'handed_in')
) AS g ON true
LEFT JOIN LATERAL (
    SELECT sum(t.amount_minor)::bigint AS handed_minor
    FROM cash_hand_in AS t
    INNER JOIN business_day AS d ON t.handed_on = d.business_date AND d.state = 'open'
    WHERE t.taken_by = p.login
) AS h ON true;

-- name: moves
-- Value that is to leave a card which has ended: where it stands, what has left and has not come.
-- Card and issuer are looked up for each, so that rows come in the order of moves.
SELECT
    m.card_id AS card,
    m.name AS kind,
    c.pan_masked,
    i.institution_id AS issuer,
    b.code AS batch,
    m.to_card,
    m.state,
    m.refused AS why,
    way.minor AS in_transit_minor,
    way.points AS points_in_transit,
    rest.minor AS left_minor,
    rest.points AS points_left,
    m.fee_minor,
    m.asked_at,
    m.ended_at,
    extract(EPOCH FROM coalesce(m.ended_at, now()) - m.asked_at)::bigint AS age_seconds,
    m.made_by,
    m.wanted,
    m.issuer_id AS of_issuer
FROM move AS m
LEFT JOIN card_batch_part AS q ON (m.card_id >> 32) = q.id
LEFT JOIN card_batch AS b ON q.batch_id = b.id AND m.issuer_id = b.issuer_id
LEFT JOIN issuer AS i ON m.issuer_id = i.id
LEFT JOIN LATERAL (
    SELECT card.pan_masked
    FROM card
    WHERE card.id = m.card_id
    ORDER BY card.id
    LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT
        coalesce(
            sum(j.amount_minor) FILTER (WHERE position(':' IN j.unit) = 0), 0
        )::bigint AS minor,
        coalesce(
            sum(CASE WHEN t.is_debt THEN -j.amount_minor ELSE j.amount_minor END)
            FILTER (WHERE starts_with(j.unit, 'P:')), 0
        )::bigint AS points
    FROM transit AS t
    INNER JOIN journal AS j ON t.shard = j.shard AND t.journal_id = j.id
    WHERE
        t.to_shard = m.to_shard
        AND t.to_card = m.to_card
        AND t.is_open
        AND j.card_id = m.card_id
        AND (m.unit = '' OR m.unit = j.unit)
        AND NOT (m.name = 'gather' AND starts_with(j.unit, 'P:'))
) AS way ON true
LEFT JOIN LATERAL (
    SELECT
        coalesce(
            sum(p.posted_minor) FILTER (WHERE position(':' IN p.unit) = 0), 0
        )::bigint AS minor,
        coalesce(sum(p.posted_minor) FILTER (WHERE starts_with(p.unit, 'P:')), 0)::bigint AS points
    FROM purse AS p
    WHERE p.shard = m.shard AND p.card_id = m.card_id
) AS rest ON true;

-- name: voucher_batches
-- Batches of vouchers, with how many of each were claimed, redeemed, or put onto a card.
SELECT
    b.id,
    b.code AS batch,
    b.name,
    b.product_id AS product,
    v.kind,
    b.face_minor,
    CASE
        WHEN v.kind = 'points_card'
            THEN 'P:' || coalesce((
                SELECT h.code FROM programme AS h WHERE h.issuer_id = b.issuer_id AND h.is_primary
            ), '')
        ELSE (SELECT o.currency FROM issuer AS o WHERE o.id = b.issuer_id)
    END AS unit,
    (
        SELECT coalesce(sum(p.cards), 0)::bigint FROM card_batch_part AS p WHERE p.batch_id = b.id
    ) AS cards,
    array_to_string(array(
        SELECT m.merchant_id FROM merchant AS m
        WHERE m.id = any(b.merchants)
        ORDER BY m.id
    ), ' ') AS merchants,
    array_to_string(b.stores, ' ') AS in_stores,
    b.is_reviewed,
    coalesce(b.valid_to, v.valid_to) AS valid_to,
    u.claimed,
    u.redeemed,
    u.loaded,
    b.state,
    b.issuer_id AS of_issuer,
    CASE WHEN cardinality(b.merchants) = 1 THEN b.merchants[1] END AS of_merchant
FROM card_batch AS b
INNER JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version AND v.kind <> 'card'
INNER JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE c.status = 'claimed') AS claimed,
        count(*) FILTER (WHERE c.status = 'redeemed') AS redeemed,
        count(*) FILTER (WHERE c.status = 'loaded') AS loaded
    FROM card_batch_part AS p
    INNER JOIN card AS c ON p.id = c.part_id
    WHERE
        p.batch_id = b.id
        AND c.status IN ('claimed', 'redeemed', 'loaded')
        AND c.status NOT IN ('voided', 'replaced')
) AS u ON true;

-- name: vouchers
-- Without their codes.
SELECT
    c.id,
    c.pan_masked,
    b.product_id AS product,
    b.name,
    b.face_minor,
    CASE
        WHEN v.kind = 'points_card'
            THEN 'P:' || coalesce((
                SELECT h.code FROM programme AS h WHERE h.issuer_id = b.issuer_id AND h.is_primary
            ), '')
        ELSE (SELECT o.currency FROM issuer AS o WHERE o.id = b.issuer_id)
    END AS unit,
    c.status AS voucher_status,
    c.sale,
    c.member_id AS member,
    (SELECT count(*) FROM voucher_use AS u WHERE u.voucher_id = c.id) AS times_used,
    used.decided_at AS used_at,
    used.place AS used_where,
    q.channel AS claimed_by_channel,
    c.valid_from,
    c.valid_to,
    c.issuer_id AS of_issuer,
    c.member_id AS of_member
FROM card AS c
INNER JOIN card_batch_part AS p ON c.part_id = p.id
INNER JOIN card_batch AS b ON p.batch_id = b.id
INNER JOIN product_version AS v
    ON b.product_id = v.product_id AND b.product_version = v.version AND v.kind <> 'card'
LEFT JOIN voucher_claim AS q ON c.id = q.card_id
LEFT JOIN LATERAL (
    SELECT
        e.decided_at,
        coalesce(s.name, m.name, '') AS place
    FROM voucher_use AS u
    INNER JOIN journal AS j ON u.shard = j.shard AND u.journal_id = j.id
    INNER JOIN exchange AS e ON j.home = e.home AND j.slot = e.slot
    LEFT JOIN merchant AS m ON j.merchant_id = m.id
    LEFT JOIN terminal AS t ON j.terminal_id = t.terminal_id
    LEFT JOIN store AS s ON coalesce(t.store_id, store_of_slot(j.slot)) = s.id
    WHERE
        u.voucher_id = c.id
        AND NOT EXISTS (
            SELECT FROM undo AS d
            LEFT JOIN undo AS r
                ON d.shard = r.shard AND d.journal_id = r.original_id AND NOT r.is_moot
            WHERE
                d.shard = u.shard AND d.original_id = u.journal_id AND r.original_id IS NULL
        )
    ORDER BY u.journal_id DESC
    LIMIT 1
) AS used ON true;

-- name: rules
-- The house's own, each version that is written, in force or over; of the newest in force how often
-- it has counted or refused something on the open date, as far as anybody counts.
SELECT
    r.id AS rule,
    r.version,
    r.name,
    r.state,
    r.says,
    r.amount_minor,
    r.unit,
    r.times,
    r.period,
    r.counted_by,
    r.priority,
    r.pack,
    i.institution_id AS issuer,
    m.merchant_id AS merchant,
    a.code AS alliance,
    r.kinds,
    r.stores,
    r.terminals,
    r.categories,
    r.regions,
    r.channels,
    r.goods,
    r.products,
    r.cards AS these_cards,
    r.members,
    array(
        SELECT o.merchant_id FROM merchant AS o
        WHERE o.id = any(r.merchants)
        ORDER BY o.merchant_id
    ) AS merchants,
    r.is_registered,
    r.weekdays,
    r.time_from,
    r.time_until,
    r.valid_from,
    r.valid_to,
    CASE
        WHEN r.state = 'active' THEN cardinality(array(
            SELECT t.exchange_id FROM rule_told AS t
            WHERE
                t.rule_id = r.id
                AND t.outcome = 'counted'
                AND t.exchange_id >= (
                    SELECT (d.business_date - date '2020-01-01')::bigint * 1000000000
                    FROM business_day AS d
                    WHERE d.state = 'open'
                )
            ORDER BY t.exchange_id
            LIMIT 10000
        ))
    END AS counted_today,
    CASE
        WHEN r.state = 'active' THEN cardinality(array(
            SELECT t.exchange_id FROM rule_told AS t
            WHERE
                t.rule_id = r.id
                AND t.outcome = 'denied'
                AND t.exchange_id >= (
                    SELECT (d.business_date - date '2020-01-01')::bigint * 1000000000
                    FROM business_day AS d
                    WHERE d.state = 'open'
                )
            ORDER BY t.exchange_id
            LIMIT 10000
        ))
    END AS refused_today,
    r.made_by,
    r.tried_on,
    (r.tried ->> 'changed')::bigint AS would_change,
    r.tried,
    r.activated_by,
    r.issuer_id AS of_issuer,
    r.merchant_id AS of_merchant,
    r.alliance_id AS of_alliance
FROM rule AS r
LEFT JOIN issuer AS i ON r.issuer_id = i.id
LEFT JOIN merchant AS m ON r.merchant_id = m.id
LEFT JOIN alliance AS a ON r.alliance_id = a.id;

-- name: rule_packs
-- Packs of rules, and who has which from when until when.
SELECT
    u.pack,
    (SELECT p.name FROM rule_pack AS p WHERE p.code = u.pack) AS name,
    (SELECT p.meaning FROM rule_pack AS p WHERE p.code = u.pack) AS meaning,
    (SELECT i.institution_id FROM issuer AS i WHERE i.id = u.issuer_id) AS issuer,
    u.used_from AS since,
    u.used_to AS until,
    u.issuer_id AS id,
    u.issuer_id AS of_issuer
FROM rule_pack_use AS u;

-- name: fees
-- What transactions cost whom, from which day on; a tier is from which amount on, how many percent
-- and how much beside them. Who pays one that names it sees it.
SELECT
    f.id AS fee,
    f.payer,
    (SELECT m.merchant_id FROM merchant AS m WHERE m.id = f.merchant_id) AS merchant,
    (SELECT i.institution_id FROM issuer AS i WHERE i.id = f.issuer_id) AS issuer,
    f.trade,
    f.channel,
    f.kinds,
    array(
        SELECT concat(t.from_minor, ' ', trim_scale(t.millionths / 10000.0), '%% ', t.flat_minor)
        FROM
            unnest(f.from_minor, f.millionths, f.flat_minor)
                AS t (from_minor, millionths, flat_minor)
        ORDER BY t.from_minor
    ) AS tiers,
    f.fee_min_minor,
    f.fee_max_minor,
    f.is_returned,
    f.since,
    f.until,
    f.made_by,
    CASE WHEN f.payer = 'issuer' THEN f.issuer_id END AS of_issuer,
    CASE WHEN f.payer = 'merchant' THEN f.merchant_id END AS of_merchant
FROM fee AS f;

-- name: seals
-- Of each checkpoint: how many shards' chains it names, and which of those seals are not there as
-- it says.
SELECT
    h.number AS checkpoint,
    substring(h.body FROM '\ndate ([0-9-]+)') AS business_date,
    substring(h.body FROM '\nat ([^\n]+)') AS signed_at,
    ends.seals,
    CASE WHEN ends.broken_seals = '' THEN 'signed' ELSE 'broken' END AS proof,
    ends.broken_seals,
    encode(sha256(convert_to(h.body, 'UTF8')), 'hex') AS digest,
    encode(h.signature, 'hex') AS signature
FROM signed_head AS h
CROSS JOIN LATERAL (
    SELECT
        count(*) AS seals,
        coalesce(
            string_agg(r.told[1] || '/' || r.told[2], ' ' ORDER BY r.told[1]::smallint)
            FILTER (WHERE s.digest IS DISTINCT FROM decode(r.told[3], 'hex')), ''
        ) AS broken_seals
    FROM regexp_matches(h.body, '\nseal ([0-9]+) ([0-9]+) ([0-9a-f]{64})', 'g') AS r (told)
    LEFT JOIN seal AS s ON r.told[1]::smallint = s.shard AND r.told[2]::bigint = s.seq
) AS ends;
