-- The house's own rules, as people write, activate and retire them.

-- name: next_rule
-- Numbers without a gap, given out one after the other.
SELECT coalesce(max(id), 0) + 1 FROM rule;

-- name: hold_rules
-- Whoever changes rules does so one after the other: each is held against all others.
SELECT pg_advisory_xact_lock(%s, 0);

-- name: add_version
-- A draft, the first or the next version of a rule.
-- notes: rule
INSERT INTO rule AS t (
    id, version, name, pack, issuer_id, merchant_id, alliance_id, says, priority, amount_minor,
    unit, times, period, counted_by, kinds, products, cards, members, merchants, stores, terminals,
    categories, regions, channels, goods, is_registered, weekdays, time_from, time_until,
    valid_from, valid_to, made_by, made_at
)
VALUES (
    %(id)s, %(version)s, %(name)s, %(pack)s, %(issuer_id)s, %(merchant_id)s,
    %(alliance_id)s, %(says)s, %(priority)s, %(amount_minor)s, %(unit)s, %(times)s, %(period)s,
    %(counted_by)s, %(kinds)s, %(products)s, %(cards)s, %(members)s, %(merchants)s, %(stores)s,
    %(terminals)s,
    %(categories)s, %(regions)s, %(channels)s, %(goods)s, %(is_registered)s, %(weekdays)s,
    %(time_from)s, %(time_until)s, %(valid_from)s, %(valid_to)s, %(made_by)s, %(made_at)s
);

-- name: drop_draft
-- It is written anew.
-- notes: rule
DELETE FROM rule AS t
WHERE t.id = %(id)s AND t.version = %(version)s AND t.state = 'draft';

-- name: versions_of_set
-- All rules of a set that are in force or to be: what another one may contradict.
SELECT r.* FROM rule_version AS r
WHERE
    (r.state = 'active' OR (r.id = %(id)s AND r.version = %(version)s))
    AND r.pack IS NOT DISTINCT FROM %(pack)s
    AND r.issuer_id IS NOT DISTINCT FROM %(issuer_id)s
    AND r.merchant_id IS NOT DISTINCT FROM %(merchant_id)s
    AND r.alliance_id IS NOT DISTINCT FROM %(alliance_id)s
ORDER BY r.id, r.version;

-- name: end_before
-- Older versions hold until the newer one does.
-- notes: rule
UPDATE rule AS t
SET
    state = CASE WHEN %(is_now)s THEN 'retired' ELSE t.state END,
    retired_by = CASE WHEN %(is_now)s THEN %(by)s ELSE t.retired_by END,
    retired_at = CASE WHEN %(is_now)s THEN %(now)s ELSE t.retired_at END,
    valid_to = CASE
        WHEN %(is_now)s THEN t.valid_to
        ELSE greatest(
            least(coalesce(t.valid_to, 'infinity'), %(last_day)s::date),
            coalesce(t.valid_from, %(last_day)s::date)
        )
    END
WHERE t.id = %(id)s AND t.version < %(version)s AND t.state = 'active';

-- name: activate
-- In force from that business date on.
-- notes: rule
UPDATE rule AS t
SET
    state = 'active',
    valid_from = %(since)s,
    activated_by = %(by)s,
    activated_at = %(now)s
WHERE t.id = %(id)s AND t.version = %(version)s AND t.state = 'draft';

-- name: is_a_date
-- Whether there was such a business date, or it is open.
SELECT exists(SELECT FROM business_day WHERE business_date = %(day)s);

-- name: keep_tried
-- On which date a draft was tried, and what came of it; a draft that was written anew was not.
-- notes: rule
UPDATE rule AS t
SET
    tried_on = %(day)s,
    tried = %(tried)s
WHERE
    t.id = %(rule)s
    AND t.version = %(version)s
    AND t.state = 'draft'
    AND t.made_at = %(made_at)s::timestamptz;

-- name: retire
-- Not in force any more, at once; what it told stays.
-- notes: rule
UPDATE rule AS t
SET
    state = 'retired',
    retired_by = %(by)s,
    retired_at = %(now)s
WHERE t.id = %(id)s AND t.state = 'active';

-- name: end_on
-- Its last business date.
-- notes: rule
UPDATE rule AS t
SET
    valid_to = %(last_day)s,
    retired_by = %(by)s,
    retired_at = %(now)s
WHERE t.id = %(id)s AND t.state = 'active';

-- name: merchants_named
-- Merchants by what people call them: of whom a rule of this owner may be.
SELECT
    m.merchant_id,
    m.id
FROM merchant AS m
WHERE
    m.merchant_id = any(%(named)s)
    AND (%(merchant_id)s::integer IS NULL OR m.id = %(merchant_id)s)
    AND (
        %(issuer_id)s::smallint IS NULL
        OR EXISTS (
            SELECT FROM acceptance AS a
            WHERE a.merchant_id = m.id AND a.issuer_id = %(issuer_id)s
        )
    )
    AND (
        %(alliance_id)s::smallint IS NULL
        OR EXISTS (
            SELECT FROM alliance_member AS b
            WHERE b.merchant_id = m.id AND b.alliance_id = %(alliance_id)s
        )
    );

-- name: stores_named
-- The same of stores.
SELECT
    s.id,
    s.id AS number
FROM store AS s
WHERE
    s.id = any(%(named)s)
    AND (%(merchant_id)s::integer IS NULL OR s.merchant_id = %(merchant_id)s)
    AND (
        %(issuer_id)s::smallint IS NULL
        OR EXISTS (
            SELECT FROM acceptance AS a
            WHERE a.merchant_id = s.merchant_id AND a.issuer_id = %(issuer_id)s
        )
    )
    AND (
        %(alliance_id)s::smallint IS NULL
        OR EXISTS (
            SELECT FROM alliance_member AS b
            WHERE b.merchant_id = s.merchant_id AND b.alliance_id = %(alliance_id)s
        )
    );

-- name: terminals_named
-- And of terminals.
SELECT
    t.terminal_id,
    t.terminal_id AS name
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
WHERE
    t.terminal_id = any(%(named)s)
    AND (%(merchant_id)s::integer IS NULL OR s.merchant_id = %(merchant_id)s)
    AND (
        %(issuer_id)s::smallint IS NULL
        OR EXISTS (
            SELECT FROM acceptance AS a
            WHERE a.merchant_id = s.merchant_id AND a.issuer_id = %(issuer_id)s
        )
    )
    AND (
        %(alliance_id)s::smallint IS NULL
        OR EXISTS (
            SELECT FROM alliance_member AS b
            WHERE b.merchant_id = s.merchant_id AND b.alliance_id = %(alliance_id)s
        )
    );

-- name: products_named
-- Products: an issuer's own; a merchant names none.
SELECT
    p.id,
    p.id AS number
FROM product AS p
WHERE
    p.id = any(%(named)s)
    AND %(merchant_id)s::integer IS NULL
    AND (%(issuer_id)s::smallint IS NULL OR p.issuer_id = %(issuer_id)s)
    AND %(alliance_id)s::smallint IS NULL;

-- name: cards_named
-- Cards, by their numbers in the book: an issuer's own; a merchant names none.
SELECT
    c.id,
    c.id AS number
FROM card AS c
WHERE
    c.id = any(%(named)s)
    AND %(merchant_id)s::integer IS NULL
    AND (%(issuer_id)s::smallint IS NULL OR c.issuer_id = %(issuer_id)s)
    AND %(alliance_id)s::smallint IS NULL;

-- name: members_named
-- Members: a merchant's own; an issuer names none.
SELECT
    m.id,
    m.id AS number
FROM member AS m
WHERE
    m.id = any(%(named)s)
    AND %(issuer_id)s::smallint IS NULL
    AND (%(merchant_id)s::integer IS NULL OR m.merchant_id = %(merchant_id)s)
    AND %(alliance_id)s::smallint IS NULL;

-- name: pack_named
-- A pack by its code.
SELECT code FROM rule_pack WHERE code = %(pack)s;

-- name: pack_in_use
-- Whether an issuer has it in a part of that time already, by another row.
SELECT exists(
    SELECT FROM rule_pack_use
    WHERE
        pack = %(pack)s
        AND issuer_id = %(issuer)s
        AND used_from <> %(since)s
        AND used_from <= coalesce(%(until)s, 'infinity'::date)
        AND %(since)s <= coalesce(used_to, 'infinity'::date)
);

-- name: use_pack
-- From a day on, until another; the same day again says when it ends.
-- notes: rule_pack_use
INSERT INTO rule_pack_use AS t (pack, issuer_id, used_from, used_to)
VALUES (%(pack)s, %(issuer)s, %(since)s, %(until)s)
ON CONFLICT (pack, issuer_id, used_from) DO UPDATE SET used_to = excluded.used_to;
