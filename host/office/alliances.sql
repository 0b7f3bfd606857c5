-- What points of alliances cost and bring, as people say it.

-- name: add_terms
-- From a day on. What was in force before stays as it was.
-- notes: alliance_terms
INSERT INTO alliance_terms AS t (
    id, programme, merchant_id, since, settled, per_points, issued_minor, redeemed_minor,
    fee_millionths, share_millionths, made_by
)
SELECT
    coalesce(max(f.id), 0) + 1,
    %(programme)s,
    %(merchant_id)s,
    %(since)s,
    %(settled)s,
    %(per_points)s,
    %(issued_minor)s,
    %(redeemed_minor)s,
    %(fee_millionths)s,
    %(share_millionths)s,
    %(made_by)s
FROM alliance_terms AS f
RETURNING t.id;

-- name: merchant_in
-- A merchant by its id, if it is in the programme's alliance from some day on.
SELECT g.id
FROM merchant AS g
INNER JOIN alliance_member AS m ON g.id = m.merchant_id
WHERE
    g.merchant_id = %(merchant)s
    AND m.alliance_id = %(alliance_id)s
    AND coalesce(m.member_until >= %(since)s, true)
ORDER BY g.id
LIMIT 1;

-- name: terms_said
-- Whether the same was said of that day before.
SELECT exists(
    SELECT FROM alliance_terms AS f
    WHERE
        f.programme = %(programme)s
        AND f.merchant_id IS NOT DISTINCT FROM %(merchant_id)s
        AND f.since = %(since)s
);
