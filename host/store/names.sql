-- What a person may mean, for the completion of a command line: a name and a few words each.

-- name: open_cases
-- The newest are what is resolved.
SELECT
    c.id::text,
    c.kind || ' ' || c.terminal_id
FROM exception_case AS c
WHERE c.resolved_at IS NULL
ORDER BY c.id DESC
LIMIT 200;

-- name: business_dates
-- The open one first.
SELECT
    d.business_date::text,
    d.state
FROM business_day AS d
ORDER BY d.business_date DESC
LIMIT 60;

-- name: issuers_begun
-- Institution ids.
SELECT
    t.institution_id,
    t.name
FROM issuer AS t
WHERE starts_with(t.institution_id, %(beginning)s)
ORDER BY t.institution_id
LIMIT 200;

-- name: merchants_begun
-- Merchant ids.
SELECT
    t.merchant_id,
    t.name
FROM merchant AS t
WHERE starts_with(t.merchant_id, %(beginning)s)
ORDER BY t.merchant_id
LIMIT 200;

-- name: stores_begun
-- Numbers of stores.
SELECT
    t.id::text,
    t.name
FROM store AS t
WHERE starts_with(t.id::text, %(beginning)s)
ORDER BY t.id::text
LIMIT 200;

-- name: products_begun
-- Numbers of products.
SELECT
    t.id::text,
    t.name
FROM product AS t
WHERE starts_with(t.id::text, %(beginning)s)
ORDER BY t.id::text
LIMIT 200;

-- name: batches_begun
-- Codes of card batches.
SELECT
    t.code,
    t.name
FROM card_batch AS t
WHERE starts_with(t.code, %(beginning)s)
ORDER BY t.code
LIMIT 200;

-- name: parts_begun
-- Parts of card batches, by the batch and the number within it.
SELECT
    t.code || '/' || p.number::text AS part,
    p.state
FROM card_batch AS t
INNER JOIN card_batch_part AS p ON t.id = p.batch_id
WHERE
    t.code = split_part(%(beginning)s, '/', 1)
    AND starts_with(p.number::text, split_part(%(beginning)s, '/', 2))
ORDER BY p.number
LIMIT 200;

-- name: programmes_begun
-- Codes of points programmes.
SELECT
    t.code,
    t.name
FROM programme AS t
WHERE starts_with(t.code, %(beginning)s)
ORDER BY t.code
LIMIT 200;

-- name: alliances_begun
-- Codes of alliances.
SELECT
    t.code,
    t.name
FROM alliance AS t
WHERE starts_with(t.code, %(beginning)s)
ORDER BY t.code
LIMIT 200;

-- name: settings_begun
-- Settings of the office, as people say them, each with what it is now.
SELECT
    replace(t.name, '_', '-') AS setting,
    t.value::text
FROM office_setting AS t
WHERE starts_with(replace(t.name, '_', '-'), %(beginning)s)
ORDER BY t.name
LIMIT 200;
