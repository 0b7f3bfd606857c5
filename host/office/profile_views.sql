-- What merchants look at of themselves and of their members.

-- name: merchant_profiles
-- Whom it is, what it says of itself, and where it is paid: the account that was set last.
SELECT
    m.merchant_id,
    m.name,
    m.trade,
    m.city,
    m.introduction_zh,
    m.introduction_en,
    m.contact,
    m.service_phone,
    m.hours,
    array(
        SELECT i.institution_id
        FROM acceptance AS a
        INNER JOIN issuer AS i ON a.issuer_id = i.id
        WHERE a.merchant_id = m.id
        ORDER BY i.institution_id
    ) AS issuers,
    paid.holder AS account_holder,
    paid.account_masked AS payout_account,
    paid.bank AS bank_code,
    paid.set_at AS account_set_at,
    m.is_active,
    m.id AS of_merchant
FROM merchant AS m
LEFT JOIN LATERAL (
    SELECT
        a.holder,
        a.account_masked,
        a.bank,
        a.set_at
    FROM payout_account AS a
    WHERE coalesce(a.merchant_id, 0) = m.id
    ORDER BY a.id DESC
    LIMIT 1
) AS paid ON true;

-- name: live_stores
-- Stores of a merchant. What they have sold today the walk reads.
SELECT
    s.id AS store,
    s.merchant_id AS of_merchant
FROM store AS s;

-- name: stat_members
-- Month by month as the house counts them, whom a merchant has brought: how many joined and are
-- members still, how many of them have a card, and on how many cards value has moved in the last 30
-- days. Of fewer than 20 the last is not told: what one person does elsewhere is nobody's to see.
SELECT
    t.merchant_id AS merchant,
    n.starts_on,
    n.members_new,
    n.members_left,
    n.members,
    n.members_with_card,
    CASE WHEN n.members_new >= 20 THEN n.members_active END AS members_active,
    t.id AS of_merchant
FROM merchant AS t
INNER JOIN LATERAL (  -- noqa: ST05
    SELECT
        k.starts_on,
        k.members_new,
        k.members_left,
        k.members_with_card,
        k.members_active,
        sum(k.members_new - k.members_left) OVER (ORDER BY k.starts_on)::bigint AS members
    FROM (
        SELECT
            date_trunc('month', m.made_at AT TIME ZONE %(zone)s)::date AS starts_on,
            count(*) AS members_new,
            count(*) FILTER (WHERE m.state = 'closed') AS members_left,
            count(*) FILTER (WHERE EXISTS (
                SELECT FROM card AS c
                WHERE c.member_id = m.id
            )) AS members_with_card,
            count(*) FILTER (WHERE EXISTS (
                SELECT FROM card AS c
                INNER JOIN purse_now AS p ON c.shard = p.shard AND c.id = p.card_id
                WHERE
                    c.member_id = m.id
                    AND p.last_journal >= (
                        SELECT (d.business_date - 30 - '2020-01-01'::date)::bigint * 1000000000
                        FROM business_day AS d
                        WHERE d.state = 'open'
                    )
            )) AS members_active
        FROM member AS m
        WHERE m.merchant_id = t.id
        GROUP BY date_trunc('month', m.made_at AT TIME ZONE %(zone)s)::date
    ) AS k
) AS n ON true;
