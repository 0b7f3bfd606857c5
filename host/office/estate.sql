-- The estate as people change it: issuers, merchants, stores, terminals, card makers.

-- name: hold_estate
-- Numbers are given one after another.
SELECT pg_advisory_xact_lock(34180, -1);

-- name: next_issuer
-- Small numbers, without a gap.
SELECT coalesce(max(id), 0) + 1 FROM issuer;

-- name: overlapping
-- Issuers whose card numbers begin as these would, or whose prefix these would begin.
SELECT institution_id
FROM issuer
WHERE
    institution_id <> %(institution_id)s
    AND (starts_with(pan_prefix, %(prefix)s) OR starts_with(%(prefix)s, pan_prefix))
ORDER BY institution_id
LIMIT 1;

-- name: add_issuer
-- It trades from the next message on.
-- notes: issuer
INSERT INTO issuer AS t (
    id, institution_id, name, pan_prefix, currency, amount_minor_max, balance_minor_max,
    pin_tries_max, hold_days, hold_over_percent
)
VALUES (
    %(id)s, %(institution_id)s, %(name)s, %(pan_prefix)s, %(currency)s, %(amount_minor_max)s,
    %(balance_minor_max)s, %(pin_tries_max)s, %(hold_days)s, %(hold_over_percent)s
);

-- name: edit_issuer
-- What its cards are numbered and valued in stays.
-- notes: issuer
UPDATE issuer AS t
SET
    name = %(name)s,
    amount_minor_max = %(amount_minor_max)s,
    balance_minor_max = %(balance_minor_max)s,
    pin_tries_max = %(pin_tries_max)s,
    hold_days = %(hold_days)s,
    hold_over_percent = %(hold_over_percent)s
WHERE t.id = %(id)s;

-- name: set_issuer
-- Whether its cards are taken anywhere.
-- notes: issuer
UPDATE issuer AS t SET is_active = %(is_active)s
WHERE t.id = %(id)s;

-- name: next_merchant
-- Numbers without a gap.
SELECT coalesce(max(id), 0) + 1 FROM merchant;

-- name: add_merchant
-- Who sells.
-- notes: merchant
INSERT INTO merchant AS t (id, merchant_id, name, trade, city, contact)
VALUES (%(id)s, %(merchant_id)s, %(name)s, %(trade)s, %(city)s, %(contact)s);

-- name: edit_merchant
-- What is said of it.
-- notes: merchant
UPDATE merchant AS t
SET
    name = %(name)s,
    trade = %(trade)s,
    city = %(city)s,
    contact = %(contact)s
WHERE t.id = %(id)s;

-- name: edit_profile
-- What its own people say of it.
-- notes: merchant
UPDATE merchant AS t
SET
    introduction_zh = %(introduction_zh)s,
    introduction_en = %(introduction_en)s,
    contact = %(contact)s,
    service_phone = %(service_phone)s,
    hours = %(hours)s
WHERE t.id = %(id)s;

-- name: set_merchant
-- Whether it may trade.
-- notes: merchant
UPDATE merchant AS t
SET
    is_active = %(is_active)s,
    closed_on = %(closed_on)s
WHERE t.id = %(id)s;

-- name: accept
-- Whose cards it takes from now on.
-- notes: acceptance
INSERT INTO acceptance AS t (merchant_id, issuer_id)
SELECT
    %(merchant)s,
    w.issuer
FROM unnest(%(issuers)s::smallint []) AS w (issuer)
ON CONFLICT (merchant_id, issuer_id) DO NOTHING;

-- name: take_no_more
-- Whose it does not take any longer.
-- notes: acceptance
DELETE FROM acceptance AS t
WHERE t.merchant_id = %(merchant)s AND t.issuer_id <> all(%(issuers)s::smallint []);

-- name: issuers_named
-- By institution id.
SELECT
    institution_id,
    id
FROM issuer
WHERE institution_id = any(%(named)s::text []);

-- name: units
-- In what each issuer's accounts are kept: its currency, and its points.
SELECT
    i.id,
    i.currency,
    array(
        SELECT p.code FROM programme AS p
        WHERE
            p.issuer_id = i.id
            OR p.alliance_id IN (
                SELECT m.alliance_id FROM alliance_member AS m
                WHERE m.issuer_id = i.id
            )
        ORDER BY p.code
    ) AS codes
FROM issuer AS i
ORDER BY i.id;

-- name: merchant_numbers
-- Everybody who sells.
SELECT id FROM merchant ORDER BY id;

-- name: open_accounts
-- House accounts that are not there yet.
-- notes: account
INSERT INTO account AS t (id, chart, unit, issuer_id, merchant_id)
SELECT
    nextval('account_number'),
    w.chart,
    w.unit,
    w.issuer_id,
    w.merchant_id
FROM
    unnest(
        %(charts)s::text [], %(units)s::text [], %(issuers)s::smallint [], %(merchants)s::integer []
    ) AS w (chart, unit, issuer_id, merchant_id)
ON CONFLICT ON CONSTRAINT account_once DO NOTHING;

-- name: unsettled
-- What keeps a merchant from leaving: batches that its tills have not closed.
SELECT count(*)
FROM store AS s
INNER JOIN terminal AS t ON s.id = t.store_id
INNER JOIN terminal_batch AS b ON t.terminal_id = b.terminal_id
WHERE s.merchant_id = %(merchant)s AND b.state <> 'closed';

-- name: next_store
-- Numbers without a gap.
SELECT coalesce(max(id), 0) + 1 FROM store;

-- name: add_store
-- Where a merchant sells.
-- notes: store
INSERT INTO store AS t (
    id, merchant_id, name, address, hours, phone, is_active, region, coordinates
)
VALUES (
    %(id)s, %(merchant)s, %(name)s, %(address)s, %(hours)s, %(phone)s, %(is_active)s, %(region)s,
    %(coordinates)s
);

-- name: edit_store
-- What is said of it.
-- notes: store
UPDATE store AS t
SET
    name = %(name)s,
    address = %(address)s,
    hours = %(hours)s,
    phone = %(phone)s,
    is_active = %(is_active)s,
    region = %(region)s,
    coordinates = %(coordinates)s
WHERE t.id = %(id)s;

-- name: terminals_of_store
-- Which a host reads again where what it knows of their store has changed.
SELECT terminal_id FROM terminal WHERE store_id = %s ORDER BY terminal_id;

-- name: add_terminal
-- Registered; it trades once it has its keys.
-- notes: terminal
INSERT INTO terminal AS t (
    terminal_id, store_id, epoch, mac_algorithm, family, serial, settles_points
)
VALUES (
    %(terminal_id)s, %(store)s, %(epoch)s, %(mac_algorithm)s, %(family)s, %(serial)s,
    %(settles_points)s
);

-- name: edit_terminal
-- What it is and how it seals stays.
-- notes: terminal
UPDATE terminal AS t
SET
    store_id = %(store)s,
    settles_points = %(settles_points)s
WHERE t.terminal_id = %(terminal_id)s;

-- name: set_terminal
-- Whether it is heard.
-- notes: terminal
UPDATE terminal AS t SET is_active = %(is_active)s
WHERE t.terminal_id = %(terminal_id)s;

-- name: open_batches
-- Batches that the terminal has not closed.
SELECT count(*)
FROM terminal_batch
WHERE
    institution = %(family)s
    AND terminal_id = %(terminal_id)s
    AND state <> 'closed';

-- name: next_vendor
-- Numbers without a gap.
SELECT coalesce(max(id), 0) + 1 FROM vendor;

-- name: add_vendor
-- Who makes an issuer's cards.
-- notes: vendor
INSERT INTO vendor AS t (id, issuer_id, name, contact, note)
VALUES (%(id)s, %(issuer)s, %(name)s, %(contact)s, %(note)s);

-- name: edit_vendor
-- What is said of them.
-- notes: vendor
UPDATE vendor AS t
SET
    name = %(name)s,
    contact = %(contact)s,
    note = %(note)s
WHERE t.id = %(id)s;

-- name: seat
-- Whose a terminal is, for who sits down at it: what its messages and receipts say.
SELECT
    m.merchant_id,
    m.name,
    s.id,
    s.name
FROM terminal AS t
INNER JOIN store AS s ON t.store_id = s.id
INNER JOIN merchant AS m ON s.merchant_id = m.id
WHERE t.terminal_id = %s;
