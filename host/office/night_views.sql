-- Views of the night: as those of views.sql, by their ids.

-- name: business_days
-- Where each date stands, what of it is paid, and whose hands it went through.
SELECT
    d.business_date,
    s.state AS day_state,
    files.transactions,
    owed.payable_minor,
    d.closed_at AS cut_off_at,
    s.steps,
    found.findings,
    array_to_string(s.taken_by, ' ') AS run_by,
    s.released_by AS cleared_by,
    s.released_at AS cleared_at
FROM business_day AS d
INNER JOIN day_state AS s ON d.business_date = s.business_date
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(f.items), 0)::bigint AS transactions
        FROM clearing_file AS f
        WHERE f.business_date = d.business_date AND f.side = 'merchant'
    ) AS files
CROSS JOIN
    LATERAL (
        SELECT coalesce(sum(p.payable_minor), 0)::bigint AS payable_minor
        FROM clearing_payable AS p
        WHERE p.business_date = d.business_date AND p.unit = 'CNY'
    ) AS owed
CROSS JOIN LATERAL (
    SELECT count(*) AS findings
    FROM clearing_finding AS f
    WHERE f.business_date = d.business_date
) AS found;

-- name: clearing_steps
-- What each step did, who took it, and digests of what it read and left.
SELECT
    t.business_date,
    t.step,
    t.finished_at,
    t.taken_by AS run_by,
    t.detail,
    found.findings,
    encode(t.read_digest, 'hex') AS read_digest,
    encode(t.left_digest, 'hex') AS left_digest
FROM clearing_step AS t
CROSS JOIN LATERAL (
    SELECT count(*) AS findings
    FROM clearing_finding AS f
    WHERE f.business_date = t.business_date AND f.step = t.step
) AS found;

-- name: clearing_files
-- What a night wrote for each merchant and issuer, since when who it is for can take it, and how
-- its delivery stands: of several one that is not over, else the last.
SELECT
    f.business_date,
    f.name,
    f.side,
    f.party,
    f.items AS lines,
    encode(f.sha256, 'hex') AS sha256,
    (
        SELECT h.handed_out_at FROM clearing_handed_out AS h
        WHERE h.business_date = f.business_date
    ) AS handed_out_at,
    d.delivery_state,
    d.attempts,
    d.last_error,
    d.delivered_at,
    d.acknowledged_at,
    (SELECT m.id FROM merchant AS m WHERE f.side = 'merchant' AND m.merchant_id = f.party)
        AS of_merchant,
    (SELECT i.id FROM issuer AS i WHERE f.side = 'issuer' AND i.institution_id = f.party)
        AS of_issuer
FROM clearing_file AS f
LEFT JOIN LATERAL (
    SELECT
        d.state AS delivery_state,
        d.attempts,
        nullif(d.last_error, '') AS last_error,
        d.delivered_at,
        d.acknowledged_at
    FROM delivery AS d
    WHERE d.business_date = f.business_date AND d.name = f.name
    ORDER BY (d.state IN ('queued', 'sent', 'failed')) DESC, d.way_id DESC
    LIMIT 1
) AS d ON true;

-- name: deliveries
-- How each file is brought to whom it is for.
SELECT
    d.business_date,
    d.name,
    d.way_id AS way,
    w.form AS file_form,
    coalesce(w.host, w.directory) AS delivered_to,
    d.state AS delivery_state,
    d.attempts,
    d.next_at,
    nullif(d.last_error, '') AS last_error,
    encode(d.sha256, 'hex') AS sha256,
    d.delivered_at,
    d.acknowledged_at,
    d.state IN ('queued', 'sent', 'failed') AS undelivered
FROM delivery AS d
INNER JOIN delivery_way AS w ON d.way_id = w.id;

-- name: delivery_ways
-- Where files are brought, what was said last first.
SELECT
    w.id,
    CASE WHEN w.merchant_id IS NULL THEN 'issuer' ELSE 'merchant' END AS side,
    coalesce(
        (SELECT m.merchant_id FROM merchant AS m WHERE m.id = w.merchant_id),
        (SELECT i.institution_id FROM issuer AS i WHERE i.id = w.issuer_id)
    ) AS party,
    w.form AS file_form,
    w.host,
    w.port,
    w.login AS server_login,
    w.directory,
    w.host_key,
    w.is_acknowledged,
    w.is_active,
    w.set_by,
    w.agreed_by
FROM delivery_way AS w;

-- name: positions
-- What an issuer owes a merchant of a date, in the parts that it is made of.
SELECT
    p.business_date,
    p.place AS id,
    m.merchant_id AS merchant,
    s.id::text AS store,
    i.institution_id AS issuer,
    (SELECT product.code FROM product WHERE product.id = p.product_id) AS product,
    p.kind,
    p.channel,
    p.unit,
    p.items AS transactions,
    p.amount_minor AS net_minor,
    p.points_earned,
    p.merchant_fee_minor,
    p.issuer_fee_minor,
    p.issuer_id AS of_issuer,
    p.merchant_id AS of_merchant,
    p.store_id AS of_store
FROM position_part AS p
INNER JOIN merchant AS m ON m.id = p.merchant_id
INNER JOIN issuer AS i ON i.id = p.issuer_id
LEFT JOIN store AS s ON s.id = p.store_id;

-- name: recon_items
-- What is other than somebody says of a date, how old it is, and what became of it. A merchant sees
-- what came of its own files.
SELECT
    i.id,
    i.business_date,
    i.source AS recon_source,
    i.difference,
    i.rrn,
    m.merchant_id AS merchant,
    n.institution_id AS issuer,
    f.port,
    i.terminal_id,
    i.ours_minor,
    i.theirs_minor,
    i.theirs_minor - i.ours_minor AS other_minor,
    i.unit,
    i.suggested,
    i.score,
    extract(DAY FROM %(now)s::timestamptz - i.opened_at)::integer AS age_days,
    i.owner,
    i.answer,
    i.answered_by,
    rrn_of(i.mended_number) AS mended_rrn,
    i.answer IS NULL AS is_open,
    i.merchant_id AS of_merchant
FROM recon_item AS i
INNER JOIN recon_file AS f ON i.file_id = f.id
LEFT JOIN merchant AS m ON i.merchant_id = m.id
LEFT JOIN issuer AS n ON i.issuer_id = n.id;

-- name: exceptions
-- What nobody has resolved yet; a notice is nobody's money.
SELECT
    e.id,
    e.kind,
    e.terminal_id,
    e.epoch,
    e.stan AS trace,
    e.detail AS what_is_known,
    e.amount_minor,
    e.unit,
    e.times AS seen_times,
    e.opened_at,
    e.seen_at,
    extract(DAY FROM %(now)s::timestamptz - e.opened_at)::integer AS age_days,
    e.kind = any(%(notices)s::text []) AS is_notice
FROM exception_case AS e
WHERE e.resolved_at IS NULL;

-- name: recon_files
-- What was sent to be reconciled, and how much of it is ours.
SELECT
    f.id,
    f.business_date,
    f.source AS recon_source,
    m.merchant_id AS merchant,
    n.institution_id AS issuer,
    f.port,
    f.sent_by,
    f.sent_at,
    f.lines,
    f.matched,
    f.matched_at,
    encode(f.sha256, 'hex') AS sha256,
    f.merchant_id AS of_merchant
FROM recon_file AS f
LEFT JOIN merchant AS m ON f.merchant_id = m.id
LEFT JOIN issuer AS n ON f.issuer_id = n.id;

-- name: alliance_terms
-- What points of alliances cost who gives them out and bring who takes them, from which day on.
SELECT
    t.id AS terms,
    t.programme,
    a.code AS alliance,
    (SELECT m.merchant_id FROM merchant AS m WHERE m.id = t.merchant_id) AS merchant,
    t.since,
    t.settled,
    t.per_points,
    t.issued_minor,
    t.redeemed_minor,
    concat(trim_scale(t.fee_millionths / 10000.0), '%%') AS percent,
    concat(trim_scale(t.share_millionths / 10000.0), '%%') AS share,
    t.made_by,
    p.alliance_id AS of_alliance
FROM alliance_terms AS t
INNER JOIN programme AS p ON p.code = t.programme
INNER JOIN alliance AS a ON a.id = p.alliance_id;

-- name: alliance_settlements
-- What was settled of alliances' points: what each leg of the night was for. A rest is the house's.
SELECT
    s.business_date,
    s.place AS id,
    s.programme,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    s.act,
    s.points,
    s.unit,
    s.amount_minor AS net_minor,
    s.terms_id AS terms,
    s.is_prefunded,
    s.issuer_id AS of_issuer,
    s.merchant_id AS of_merchant,
    s.alliance_id AS of_alliance
FROM alliance_settlement AS s
INNER JOIN merchant AS m ON m.id = s.merchant_id
INNER JOIN issuer AS i ON i.id = s.issuer_id;

-- name: settlements
-- What a date comes to between a merchant and an issuer, and who of either has confirmed it.
SELECT
    s.place AS id,
    to_char(s.business_date, 'YYYYMMDD') || '-' || s.place AS settlement,
    s.business_date,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    s.unit,
    s.items AS transactions,
    s.turnover_minor,
    s.returned_minor,
    s.alliance_minor,
    s.points_taken,
    s.points_earned,
    s.merchant_fee_minor,
    s.issuer_fee_minor,
    s.corrected_minor,
    s.reserved_minor,
    s.advertised_minor,
    s.payable_minor,
    due.held_minor AS held_out_minor,
    due.due_minor,
    held.rrns,
    CASE
        WHEN disputed.is_open THEN 'disputed'
        WHEN num_nonnulls(seller.confirmed_by, keeper.confirmed_by) = 0 THEN 'calculated'
        WHEN num_nonnulls(seller.confirmed_by, keeper.confirmed_by) = 1 THEN 'half_confirmed'
        ELSE 'confirmed'
    END AS statement_state,
    disputed.is_open IS NOT NULL AS is_disputed,
    seller.confirmed_by AS merchant_confirmed_by,
    keeper.confirmed_by AS issuer_confirmed_by,
    s.issuer_id AS of_issuer,
    s.merchant_id AS of_merchant
FROM settlement_statement AS s
INNER JOIN merchant AS m ON m.id = s.merchant_id
INNER JOIN issuer AS i ON i.id = s.issuer_id
LEFT JOIN LATERAL (
    SELECT c.confirmed_by
    FROM statement_confirmed AS c
    WHERE c.business_date = s.business_date AND c.place = s.place AND c.side = 'merchant'
) AS seller ON true
LEFT JOIN LATERAL (
    SELECT c.confirmed_by
    FROM statement_confirmed AS c
    WHERE c.business_date = s.business_date AND c.place = s.place AND c.side = 'issuer'
) AS keeper ON true
LEFT JOIN LATERAL (
    SELECT
        one.held_minor,
        one.due_minor
    FROM statement_due AS one
    WHERE one.business_date = s.business_date AND one.place = s.place
    ORDER BY one.place
    LIMIT 1
) AS due ON true
LEFT JOIN LATERAL (
    SELECT bool_or(a.side IS NULL) AS is_open
    FROM statement_dispute AS d
    LEFT JOIN statement_answer AS a
        ON d.business_date = a.business_date AND d.place = a.place AND d.side = a.side
    WHERE d.business_date = s.business_date AND d.place = s.place
) AS disputed ON true
LEFT JOIN LATERAL (
    SELECT array_agg(rrn_of(h.journal_id) ORDER BY h.journal_id) AS rrns
    FROM statement_held AS h
    WHERE h.business_date = s.business_date AND h.place = s.place
) AS held ON true;

-- name: disputes
-- What a side does not take of a statement, what was answered, and what gave it back.
SELECT
    d.business_date,
    d.place AS id,
    d.side,
    to_char(d.business_date, 'YYYYMMDD') || '-' || d.place AS settlement,
    m.merchant_id AS merchant,
    i.institution_id AS issuer,
    held.rrns,
    held.held_out_minor,
    held.at_stake_minor,
    s.unit,
    d.why AS note,
    (SELECT f.name FROM office_file AS f WHERE f.id = d.file_id) AS file_name,
    c.disputed_by,
    c.disputed_at,
    a.verdict,
    a.answer_note,
    a.answered_by,
    corrected.rrn AS corrected_rrn,
    a.verdict IS NULL AS is_open,
    d.issuer_id AS of_issuer,
    d.merchant_id AS of_merchant
FROM statement_dispute AS d
INNER JOIN merchant AS m ON m.id = d.merchant_id
INNER JOIN issuer AS i ON i.id = d.issuer_id
LEFT JOIN LATERAL (
    SELECT one.unit
    FROM settlement_statement AS one
    WHERE one.business_date = d.business_date AND one.place = d.place
    ORDER BY one.place
    LIMIT 1
) AS s ON true
LEFT JOIN LATERAL (
    SELECT
        one.confirmed_by AS disputed_by,
        one.confirmed_at AS disputed_at
    FROM statement_confirmed AS one
    WHERE one.business_date = d.business_date AND one.place = d.place AND one.side = d.side
    ORDER BY one.place
    LIMIT 1
) AS c ON true
LEFT JOIN LATERAL (
    SELECT
        CASE WHEN one.is_upheld THEN 'uphold' ELSE 'reject' END AS verdict,
        one.note AS answer_note,
        one.answered_by
    FROM statement_answer AS one
    WHERE one.business_date = d.business_date AND one.place = d.place AND one.side = d.side
    ORDER BY one.place
    LIMIT 1
) AS a ON true
LEFT JOIN LATERAL (
    SELECT rrn_of(one.journal_id) AS rrn
    FROM statement_correction AS one
    WHERE one.business_date = d.business_date AND one.place = d.place AND one.side = d.side
    ORDER BY one.place
    LIMIT 1
) AS corrected ON true
LEFT JOIN LATERAL (
    SELECT
        array_agg(rrn_of(h.journal_id) ORDER BY h.journal_id) AS rrns,
        sum(h.held_minor)::bigint AS held_out_minor,
        sum(abs(h.amount_minor))::bigint AS at_stake_minor
    FROM statement_held AS h
    WHERE h.business_date = d.business_date AND h.place = d.place AND h.side = d.side
) AS held ON true;

-- name: payouts
-- What merchants are paid, of which statements, to which account; paid is what a line of a bank's
-- statement was matched with.
SELECT
    p.id,
    p.business_date,
    m.merchant_id AS merchant,
    a.account_masked AS payout_account,
    p.amount_minor,
    p.unit,
    paid_for.settlements || let_go.settlements || again.settlements AS settlements,
    p.end_to_end_id,
    p.file_id AS payment_file,
    f.pay_on,
    f.asked_by,
    f.agreed_by,
    CASE
        WHEN back.payout_id IS NOT NULL THEN 'returned'
        ELSE coalesce(bank.payout_state, 'instructed')
    END AS payout_state,
    back.reason AS returned_for,
    back.payout_id IS NOT NULL AS came_back,
    p.merchant_id AS of_merchant
FROM payout AS p
INNER JOIN merchant AS m ON m.id = p.merchant_id
INNER JOIN payout_account AS a ON a.id = p.account_id
INNER JOIN payout_file AS f ON f.id = p.file_id
LEFT JOIN LATERAL (
    SELECT
        array_agg(
            to_char(s.business_date, 'YYYYMMDD') || '-' || s.place
            ORDER BY s.business_date, s.place
        ) AS settlements
    FROM payout_statement AS s
    WHERE s.payout_id = p.id
) AS paid_for ON true
LEFT JOIN LATERAL (
    SELECT
        array_agg(
            concat_ws('-', to_char(h.business_date, 'YYYYMMDD'), h.place, h.side)
            ORDER BY h.business_date, h.place, h.side
        ) AS settlements
    FROM payout_held AS h
    WHERE h.payout_id = p.id
) AS let_go ON true
LEFT JOIN LATERAL (
    SELECT
        array_agg(
            concat_ws('-', to_char(before.business_date, 'YYYYMMDD'), before.id, 'returned')
            ORDER BY before.business_date, before.id
        ) AS settlements
    FROM payout_again AS once_more
    INNER JOIN payout AS before ON once_more.returned_id = before.id
    WHERE once_more.payout_id = p.id
) AS again ON true
LEFT JOIN LATERAL (
    SELECT
        r.payout_id,
        coalesce(of_line.reason, said.reason) AS reason
    FROM payout_return AS r
    LEFT JOIN recon_return AS of_line ON r.file_id = of_line.file_id AND r.line = of_line.line
    LEFT JOIN payout_return_said AS said ON r.payout_id = said.payout_id
    WHERE r.payout_id = p.id
    ORDER BY r.payout_id
    LIMIT 1
) AS back ON true
LEFT JOIN LATERAL (
    SELECT 'paid' AS payout_state
    FROM recon_line AS l
    INNER JOIN recon_file AS told ON l.file_id = told.id
    INNER JOIN recon_match AS found ON l.file_id = found.file_id AND l.line = found.line
    WHERE
        l.rrn = p.end_to_end_id
        AND l.terminal_id = ''
        AND l.rrn <> ''
        AND l.unit = p.unit
        AND told.source = 'bank_statement'
        AND told.business_date = p.business_date
    ORDER BY l.file_id
    LIMIT 1
) AS bank ON true;
