-- What actions are about, each found by the name that people give it, and held until the end of the
-- transaction. All give: its number, whose it is, who made it, its version, what it says.

-- name: person
-- By login.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    t.store_id,
    t.member_id,
    t.alliance_id,
    t.enterprise_id,
    t.created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM person AS t
WHERE t.login = %(key)s AND NOT t.is_client
FOR UPDATE;

-- name: api_client
-- By its name.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    t.store_id,
    null::bigint AS member_id,
    t.alliance_id,
    t.enterprise_id,
    t.created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM person AS t
WHERE t.login = %(key)s AND t.is_client
FOR UPDATE;

-- name: grant
-- By number.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    t.store_id,
    null::bigint AS member_id,
    t.alliance_id,
    t.enterprise_id,
    t.granted_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM person_grant AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: approval
-- By number.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    t.store_id,
    t.member_id,
    t.alliance_id,
    t.enterprise_id,
    t.asked_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM approval AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: job
-- By number.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    t.store_id,
    t.member_id,
    t.alliance_id,
    t.enterprise_id,
    t.asked_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM job AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: issuer
-- By institution id.
SELECT
    t.id,
    t.id AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM issuer AS t
WHERE t.institution_id = %(key)s
FOR UPDATE;

-- name: programme
-- By its code.
SELECT
    t.code,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    t.alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM programme AS t
WHERE t.code = %(key)s
FOR UPDATE;

-- name: alliance
-- By its code.
SELECT
    t.id,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    t.id AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM alliance AS t
WHERE t.code = %(key)s
FOR UPDATE;

-- name: alliance_member
-- By the alliance, who is in it, and since when.
SELECT
    t.alliance_id,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    t.alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM alliance_member AS t
INNER JOIN alliance AS a ON t.alliance_id = a.id
LEFT JOIN issuer AS i ON t.issuer_id = i.id
LEFT JOIN merchant AS m ON t.merchant_id = m.id
WHERE
    concat_ws(
        '/', a.code, coalesce(i.institution_id, m.merchant_id), to_char(t.member_from, 'YYYY-MM-DD')
    ) = %(key)s
FOR UPDATE OF t;

-- name: enterprise
-- By its code.
SELECT
    t.id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    t.id AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM enterprise AS t
WHERE t.code = %(key)s
FOR UPDATE;

-- name: department
-- By its enterprise and its name: its issuer's people are nobody there.
SELECT
    t.name,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    t.enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM department AS t
INNER JOIN enterprise AS e ON t.enterprise_id = e.id
WHERE e.code = split_part(%(key)s, '/', 1) AND t.name = substr(%(key)s, strpos(%(key)s, '/') + 1)
FOR UPDATE OF t;

-- name: employee
-- By the enterprise and the number that they have there.
SELECT
    t.id,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    t.enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM employee AS t
INNER JOIN enterprise AS e ON t.enterprise_id = e.id
WHERE e.code = split_part(%(key)s, '/', 1) AND t.code = split_part(%(key)s, '/', 2)
FOR UPDATE OF t;

-- name: staff_issue
-- By number.
SELECT
    t.id,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    t.enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM staff_issue AS t
WHERE t.id = %(number)s
FOR UPDATE OF t;

-- name: reminder
-- By its enterprise, its trigger and its days.
SELECT
    t.days,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    t.enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM reminder AS t
INNER JOIN enterprise AS e ON t.enterprise_id = e.id
WHERE concat_ws('/', e.code, t.trigger, t.days) = %(key)s
FOR UPDATE OF t;

-- name: merchant
-- By merchant id, with whose cards it takes.
SELECT
    t.id,
    null::smallint AS issuer_id,
    t.id AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(sha256(row_digest(t) || convert_to(taken.issuers::text, 'UTF8')), 'hex') AS version,
    row_content(t, %(unseen)s::text []) || jsonb_build_object('issuers', taken.issuers) AS content
FROM merchant AS t
CROSS JOIN
    LATERAL (
        SELECT coalesce(jsonb_agg(i.institution_id ORDER BY i.institution_id), '[]') AS issuers
        FROM acceptance AS a
        INNER JOIN issuer AS i ON a.issuer_id = i.id
        WHERE a.merchant_id = t.id
    ) AS taken
WHERE t.merchant_id = %(key)s
FOR UPDATE OF t;

-- name: store
-- By number.
SELECT
    t.id,
    null::smallint AS issuer_id,
    t.merchant_id,
    t.id AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM store AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: ad_slot
-- By its code: the platform's.
SELECT
    t.id,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM ad_slot AS t
WHERE t.code = %(key)s
FOR UPDATE;

-- name: ad_booking
-- By number: a merchant's.
SELECT
    t.id,
    null::smallint AS issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM ad_booking AS t
WHERE t.id = %(number)s;

-- name: report_schedule
-- By number: the report of a merchant, a store, or of the house.
SELECT
    t.id,
    null::smallint AS issuer_id,
    t.merchant_id,
    t.store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM report_schedule AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: terminal
-- By terminal id. What the till itself changes (its batch, its keys) is no other version.
SELECT
    t.terminal_id,
    null::smallint AS issuer_id,
    s.merchant_id,
    t.store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(
        sha256(
            convert_to(row_content(t, '{epoch,serial,key_generation}')::text, 'UTF8')
        ), 'hex'
    ) AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
WHERE t.terminal_id = %(key)s
FOR UPDATE OF t;

-- name: vendor
-- By number.
SELECT
    t.id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM vendor AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: product
-- By number, as its newest version has it.
SELECT
    t.id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(sha256(row_digest(t) || coalesce(row_digest(v), '')), 'hex') AS version,
    row_content(t, %(unseen)s::text []) || coalesce(
        row_content(v, '{product_id,made_by,made_at}'), '{}'
    ) AS content
FROM product AS t
LEFT JOIN product_version AS v
    ON
        t.id = v.product_id
        AND v.version = (SELECT max(n.version) FROM product_version AS n WHERE n.product_id = t.id)
WHERE t.id = %(number)s
FOR UPDATE OF t;

-- name: rule
-- By number, as its newest version has it.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    t.alliance_id,
    null::integer AS enterprise_id,
    (SELECT p.id FROM person AS p WHERE p.login = t.made_by) AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM rule AS t
WHERE t.id = %(number)s
ORDER BY t.version DESC
LIMIT 1
FOR UPDATE;

-- name: setting
-- By its name.
SELECT
    t.name,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM office_setting AS t
WHERE t.name = %(key)s
FOR UPDATE;

-- name: card_face
-- By number.
SELECT
    t.id,
    p.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM card_face AS t
INNER JOIN product AS p ON t.product_id = p.id
WHERE t.id = %(number)s
FOR UPDATE OF t;

-- name: sheet
-- By number.
SELECT
    t.id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM sheet AS t
WHERE t.id = %(number)s
FOR UPDATE OF t;

-- name: card_batch
-- By its code. Vouchers that one merchant alone takes are that merchant's, too.
SELECT
    t.id,
    t.issuer_id,
    CASE WHEN cardinality(t.merchants) = 1 THEN t.merchants[1] END AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    (SELECT p.id FROM person AS p WHERE p.login = t.made_by) AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM card_batch AS t
WHERE t.code = %(key)s
FOR UPDATE OF t;

-- name: card
-- By its number in the book. What trade changes of it is no other version.
SELECT
    t.id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    t.member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(
        sha256(
            convert_to(
                row_content(
                    t, %(unseen)s::text [] || '{pin_failures}'::text []
                )::text, 'UTF8'
            )
        ), 'hex'
    ) AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM card AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: gift
-- By its number, that of the posting which took it off its card. Only the poster ends it, so that
-- nothing is held.
SELECT
    t.journal_id AS id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    t.sender_id AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM gift AS t
WHERE t.journal_id = %(number)s;

-- name: gift_to
-- The same, for whom it was sent: theirs to decline.
SELECT
    t.journal_id AS id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    (
        SELECT m.id FROM member AS m
        WHERE m.phone_hash = t.phone_hash AND m.record_at = ''
    ) AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM gift AS t
WHERE t.journal_id = %(number)s;

-- name: payment
-- By its number: theirs who pays, and of the issuer whose card it is for.
SELECT
    t.id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    t.member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    t.asked_by AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM port_payment AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: pickup
-- By its number: of who comes, and of the store where they do.
SELECT
    t.id,
    null::smallint AS issuer_id,
    s.merchant_id,
    t.store_id,
    t.member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM pickup AS t
INNER JOIN store AS s ON t.store_id = s.id
WHERE t.id = %(number)s
FOR UPDATE OF t;

-- name: mail
-- By its number: a letter of its member and of whom they wrote to, or who wrote.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    t.member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM letter AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: hold
-- By its number, that of what opened it. Only the poster ends it, so that nothing is locked.
SELECT
    t.id,
    t.issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM hold AS t
WHERE t.id = %(number)s;

-- name: transaction
-- By its RRN, which has no year: the newest of its numbers. What a clerk has redeemed at a counter
-- is of the store that its job was for. Only the poster undoes it, so that nothing is held.
SELECT
    j.id,
    j.issuer_id,
    j.merchant_id,
    s.id AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(sha256(convert_to(said.content::text, 'UTF8')), 'hex') AS version,
    said.content
FROM unnest(%(shards)s::smallint []) AS k (shard)
CROSS JOIN unnest(%(numbers)s::bigint []) AS n (id)
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        journal.shard,
        journal.id,
        journal.kind,
        journal.slot,
        journal.issuer_id,
        journal.merchant_id,
        journal.terminal_id,
        journal.amount_minor,
        journal.unit
    FROM journal
    WHERE journal.shard = k.shard AND journal.id = n.id
    ORDER BY journal.id
    OFFSET 0
) AS j ON true
LEFT JOIN terminal AS t ON j.terminal_id = t.terminal_id
LEFT JOIN
    job AS b
    ON
        j.terminal_id IS null
        AND b.id = substring(j.slot FROM '^office/.*/job-([0-9]{1,18})[/:]')::bigint
LEFT JOIN store AS s ON coalesce(t.store_id, b.store_id) = s.id AND j.merchant_id = s.merchant_id
LEFT JOIN LATERAL (
    SELECT
        coalesce(bool_or(u.kind <> 'refund'), false) AS is_undone,
        coalesce(sum(u.amount_minor) FILTER (WHERE u.kind = 'refund'), 0) AS refunded_minor
    FROM undo AS u
    LEFT JOIN undo AS r
        ON u.shard = r.shard AND u.journal_id = r.original_id AND NOT r.is_moot
    WHERE u.shard = j.shard AND u.original_id = j.id AND r.original_id IS null
) AS since ON true
CROSS JOIN
    LATERAL (  -- noqa: ST05
        SELECT
            jsonb_build_object(
                'kind', j.kind, 'amount_minor', j.amount_minor, 'unit', j.unit,
                'terminal', j.terminal_id, 'is_valid', NOT since.is_undone,
                'refunded_minor', since.refunded_minor
            ) AS content
    ) AS said
ORDER BY j.id DESC
LIMIT 1;

-- name: business_day
-- By its date. The night alone changes it, so that nothing is locked.
SELECT
    t.business_date::text AS id,
    null::smallint AS issuer_id,
    null::integer AS merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM business_day AS t
WHERE to_char(t.business_date, 'YYYY-MM-DD') = %(key)s;

-- name: settlement
-- A statement by its number: its date and its place. The night alone makes one, so nothing is
-- locked.
SELECT
    to_char(t.business_date, 'YYYYMMDD') || '-' || t.place AS id,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    jsonb_build_object(
        'business_date', t.business_date, 'number', t.place, 'payable_minor', t.payable_minor,
        'unit', t.unit
    ) AS content
FROM business_day AS d
INNER JOIN settlement_statement AS t ON t.business_date = d.business_date
WHERE
    to_char(d.business_date, 'YYYYMMDD') = split_part(%(key)s, '-', 1)
    AND t.place = split_part(%(key)s, '-', 2)::integer;

-- name: member
-- By number.
SELECT
    t.id,
    null::smallint AS issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    t.id AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    (SELECT p.id FROM person AS p WHERE p.login = t.made_by) AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM member AS t
WHERE t.id = %(number)s
FOR UPDATE OF t;

-- name: office_file
-- By number.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    t.store_id,
    null::bigint AS member_id,
    t.alliance_id,
    t.enterprise_id,
    t.person_id AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM office_file AS t
WHERE t.id = %(number)s
FOR UPDATE;

-- name: issuer_named
-- As people name it.
SELECT institution_id
FROM issuer
WHERE id = %s;

-- name: merchant_named
-- As people name it.
SELECT merchant_id
FROM merchant
WHERE id = %s;

-- name: enterprise_named
-- As people name it.
SELECT code
FROM enterprise
WHERE id = %s;

-- name: alliance_named
-- As people name it.
SELECT code
FROM alliance
WHERE id = %s;

-- name: batch_named
-- As people name it.
SELECT code
FROM card_batch
WHERE id = %s;

-- name: person_named
-- As people name them.
SELECT login
FROM person
WHERE id = %s;

-- name: lottery
-- By its code.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    t.alliance_id,
    null::integer AS enterprise_id,
    t.made_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM lottery AS t
WHERE t.code = %(key)s
FOR UPDATE;

-- name: webhook
-- By its code.
SELECT
    t.code,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    t.made_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM webhook AS t
WHERE t.code = %(key)s
FOR UPDATE;

-- name: exception_case
-- By number: a case, of whose terminal it is.
SELECT
    t.id,
    null::smallint AS issuer_id,
    s.merchant_id,
    d.store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM exception_case AS t
LEFT JOIN terminal AS d ON t.terminal_id = d.terminal_id
LEFT JOIN store AS s ON d.store_id = s.id
WHERE t.id = %(number)s
FOR UPDATE OF t;

-- name: recon_item
-- By number: a difference, whose file it is of.
SELECT
    t.id,
    t.issuer_id,
    t.merchant_id,
    null::integer AS store_id,
    null::bigint AS member_id,
    null::smallint AS alliance_id,
    null::integer AS enterprise_id,
    null::bigint AS created_by,
    encode(row_digest(t), 'hex') AS version,
    row_content(t, %(unseen)s::text []) AS content
FROM recon_item AS t
WHERE t.id = %(number)s
FOR UPDATE;
