-- Points programmes and alliances, as people change them.

-- name: has_primary
-- Whether an issuer has a programme that is meant where none is named.
SELECT exists(SELECT FROM programme WHERE issuer_id = %s AND is_primary);

-- name: add_programme
-- An issuer's first is its primary one.
-- notes: programme
INSERT INTO programme AS t (
    code, issuer_id, alliance_id, merchant_id, name, earn_points, earn_per_minor,
    redemption_points_min, debt_is_allowed, is_primary
)
VALUES (
    %(programme)s, %(issuer_id)s, %(alliance_id)s, %(merchant_id)s, %(name)s, %(earn_points)s,
    %(earn_per_minor)s, %(redemption_points_min)s, %(debt_is_allowed)s, %(is_primary)s
);

-- name: edit_programme
-- From the next message on; points that were given keep their days.
-- notes: programme
UPDATE programme AS t
SET
    name = %(name)s,
    earn_points = %(earn_points)s,
    earn_per_minor = %(earn_per_minor)s,
    redemption_points_min = %(redemption_points_min)s,
    version = t.version + 1
WHERE t.code = %(code)s;

-- name: life_on
-- How long points of a programme are good for that are earned on a day.
SELECT
    l.life,
    l.life_count,
    l.pending_days
FROM points_life AS l
WHERE l.programme = %(programme)s AND l.since <= %(since)s
ORDER BY l.since DESC
LIMIT 1;

-- name: keep_life
-- From a day on; points that were given keep their days. Said again of the day, it is another.
-- notes: points_life
INSERT INTO points_life AS t (programme, since, life, life_count, pending_days)
VALUES (%(programme)s, %(since)s, %(life)s, %(life_count)s, %(pending_days)s)
ON CONFLICT ON CONSTRAINT points_life_once DO UPDATE SET
    life = excluded.life,
    life_count = excluded.life_count,
    pending_days = excluded.pending_days;

-- name: points_price_on
-- What points of a programme pay on a day.
SELECT
    r.points,
    r.worth_minor
FROM points_price AS r
WHERE r.programme = %(programme)s AND r.since <= %(since)s
ORDER BY r.since DESC
LIMIT 1;

-- name: save_points_price
-- From a day on; what was bought before stays. Said again of the day, it is another.
-- notes: points_price
INSERT INTO points_price AS t (programme, since, points, worth_minor)
VALUES (%(programme)s, %(since)s, %(points)s, %(worth_minor)s)
ON CONFLICT ON CONSTRAINT points_price_once DO UPDATE SET
    points = excluded.points,
    worth_minor = excluded.worth_minor;

-- name: next_alliance
-- Small numbers, without a gap.
SELECT coalesce(max(id), 0) + 1 FROM alliance;

-- name: add_alliance
-- Nobody is in it yet.
-- notes: alliance
INSERT INTO alliance AS t (id, code, name)
VALUES (%(id)s, %(code)s, %(name)s);

-- name: edit_alliance
-- What it is called.
-- notes: alliance
UPDATE alliance AS t SET name = %(name)s
WHERE t.id = %(id)s;

-- name: issuers_in
-- Issuers that were, are or will be in an alliance.
SELECT DISTINCT issuer_id FROM alliance_member
WHERE alliance_id = %s AND issuer_id IS NOT NULL
ORDER BY issuer_id;

-- name: in_that_time
-- Whether they are in it in a part of that time already, by another row than this.
SELECT exists(
    SELECT FROM alliance_member
    WHERE
        alliance_id = %(alliance_id)s
        AND issuer_id IS NOT DISTINCT FROM %(issuer_id)s::smallint
        AND merchant_id IS NOT DISTINCT FROM %(merchant_id)s::integer
        AND member_from <> %(member_from)s
        AND member_from <= coalesce(%(member_until)s, 'infinity'::date)
        AND %(member_from)s <= coalesce(member_until, 'infinity'::date)
);

-- name: add_alliance_member
-- For a time.
-- notes: alliance_member
INSERT INTO alliance_member AS t (
    alliance_id, issuer_id, merchant_id, member_from, member_until, earns, redeems
)
VALUES (
    %(alliance_id)s, %(issuer_id)s, %(merchant_id)s, %(member_from)s, %(member_until)s, %(earns)s,
    %(redeems)s
);

-- name: edit_alliance_member
-- Until when, and for what; since when stays.
-- notes: alliance_member
UPDATE alliance_member AS t
SET
    member_until = %(member_until)s,
    earns = %(earns)s,
    redeems = %(redeems)s
WHERE
    t.alliance_id = %(alliance_id)s
    AND t.issuer_id IS NOT DISTINCT FROM %(issuer_id)s::smallint
    AND t.merchant_id IS NOT DISTINCT FROM %(merchant_id)s::integer
    AND t.member_from = %(member_from)s;

-- name: merchants_of_programme
-- Merchants by their numbers, of those who take a card that earns in it.
SELECT
    m.merchant_id,
    m.id
FROM merchant AS m
WHERE
    m.merchant_id = any(%(named)s::text [])
    AND EXISTS (
        SELECT FROM acceptance AS a
        WHERE
            a.merchant_id = m.id
            AND (
                a.issuer_id = %(issuer)s
                OR a.issuer_id IN (
                    SELECT t.issuer_id FROM alliance_member AS t
                    WHERE t.alliance_id = %(alliance)s
                )
            )
    );

-- name: stores_of_programme
-- The same of their stores.
SELECT
    s.id::text,
    s.id
FROM store AS s
WHERE
    s.id::text = any(%(named)s::text [])
    AND EXISTS (
        SELECT FROM acceptance AS a
        WHERE
            a.merchant_id = s.merchant_id
            AND (
                a.issuer_id = %(issuer)s
                OR a.issuer_id IN (
                    SELECT t.issuer_id FROM alliance_member AS t
                    WHERE t.alliance_id = %(alliance)s
                )
            )
    );

-- name: products_of_programme
-- Card products of issuers whose cards earn in it.
SELECT
    p.id::text,
    p.id
FROM product AS p
WHERE
    p.id::text = any(%(named)s::text [])
    AND (
        p.issuer_id = %(issuer)s
        OR p.issuer_id IN (
            SELECT t.issuer_id FROM alliance_member AS t
            WHERE t.alliance_id = %(alliance)s
        )
    );

-- name: save_earn_rule
-- From a day on; of one that is said again of the same day the last is meant.
-- notes: earn_rule
INSERT INTO earn_rule AS t (
    programme, code, since, until, name, priority, merchants, stores, categories, goods, products,
    weekdays, time_from, time_until, amount_min_minor, amount_max_minor, times, per, bonus,
    points_max, points_max_day, points_max_month
)
VALUES (
    %(programme)s, %(rule)s, %(since)s, %(until)s, %(name)s, %(priority)s, %(merchants)s,
    %(stores)s, %(categories)s, %(goods)s, %(products)s, %(weekdays)s, %(time_from)s,
    %(time_until)s, %(amount_min_minor)s, %(amount_max_minor)s, %(times)s, %(per)s, %(bonus)s,
    %(points_max)s, %(points_max_day)s, %(points_max_month)s
)
ON CONFLICT ON CONSTRAINT earn_rule_once DO UPDATE SET
    until = excluded.until,
    name = excluded.name,
    priority = excluded.priority,
    merchants = excluded.merchants,
    stores = excluded.stores,
    categories = excluded.categories,
    goods = excluded.goods,
    products = excluded.products,
    weekdays = excluded.weekdays,
    time_from = excluded.time_from,
    time_until = excluded.time_until,
    amount_min_minor = excluded.amount_min_minor,
    amount_max_minor = excluded.amount_max_minor,
    times = excluded.times,
    per = excluded.per,
    bonus = excluded.bonus,
    points_max = excluded.points_max,
    points_max_day = excluded.points_max_day,
    points_max_month = excluded.points_max_month;
