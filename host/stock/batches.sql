-- Products, card batches and their parts, as people change them.

-- name: product
-- A product with its newest version, held until the end of the transaction.
SELECT
    p.issuer_id,
    v.version,
    v.form,
    v.face_minor_min,
    v.face_minor_max,
    v.valid_from,
    v.valid_to,
    v.valid_days,
    i.pan_prefix,
    v.kind
FROM product AS p
INNER JOIN product_version AS v ON p.id = v.product_id
INNER JOIN issuer AS i ON p.issuer_id = i.id
WHERE p.id = %s
ORDER BY v.version DESC
LIMIT 1
FOR UPDATE OF p;

-- name: add_product
-- A product by its code, or the one that has it.
-- notes: product
INSERT INTO product AS t (id, issuer_id, code, name)
VALUES ((SELECT coalesce(max(p.id), 0) + 1 FROM product AS p), %s, %s, %s)
ON CONFLICT ON CONSTRAINT product_coded DO UPDATE SET name = excluded.name
RETURNING t.id;

-- name: add_version
-- The next version; cards keep theirs.
-- notes: product_version
INSERT INTO product_version AS t (
    product_id, version, form, face_minor_min, face_minor_max, valid_from, valid_to, valid_days,
    is_reloadable, pin, activation, amount_minor_max, balance_minor_max, is_registered,
    replacement_fee_minor_max, regifts_max, kind, entries, buys, may_load, sale_minor_min,
    grace_days, goods, regions, hold_days, hold_over_percent, breakage_days, made_by, made_at
)
VALUES (
    %(product_id)s,
    (
        SELECT coalesce(max(v.version), 0) + 1 FROM product_version AS v
        WHERE v.product_id = %(product_id)s
    ),
    %(form)s, %(face_minor_min)s, %(face_minor_max)s, %(valid_from)s, %(valid_to)s,
    %(valid_days)s, %(is_reloadable)s, %(pin)s, %(activation)s, %(amount_minor_max)s,
    %(balance_minor_max)s, %(is_registered)s, %(replacement_fee_minor_max)s, %(regifts_max)s,
    %(kind)s, %(entries)s, %(buys)s, %(may_load)s, %(sale_minor_min)s, %(grace_days)s, %(goods)s,
    %(regions)s, %(hold_days)s, %(hold_over_percent)s, %(breakage_days)s, %(made_by)s, %(made_at)s
)
RETURNING t.version;

-- name: hold_numbers
-- One after the other gives a number, until the end of its transaction: what is undone, as a dry
-- run, has used up none.
SELECT pg_advisory_xact_lock(34180, -3);

-- name: add_batch
-- A draft; its code is its year and its number.
-- notes: card_batch
INSERT INTO card_batch AS t (
    id, code, issuer_id, product_id, product_version, name, responsible, vendor_id, face_minor,
    valid_from, valid_to, note, state, made_by, made_at, merchants, stores, claims_max,
    is_reviewed
)
SELECT
    n.number,
    format('CB-%%s-%%s', %(year)s::text, lpad(n.number::text, 4, '0')),
    %(issuer_id)s, %(product_id)s, %(product_version)s, %(name)s, %(responsible)s, %(vendor_id)s,
    %(face_minor)s, %(valid_from)s, %(valid_to)s, %(note)s, 'draft', %(made_by)s, %(made_at)s,
    %(merchants)s, %(stores)s, %(claims_max)s, %(is_reviewed)s
FROM (SELECT coalesce(max(b.id), 0) + 1 AS number FROM card_batch AS b) AS n
RETURNING t.id, t.code;

-- name: numbers_given
-- How many numbers an issuer's parts have, or are to have; the numbers of vouchers are codes.
SELECT coalesce(sum(p.cards), 0)::bigint
FROM card_batch AS b
INNER JOIN card_batch_part AS p ON b.id = p.batch_id
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
WHERE b.issuer_id = %s AND v.kind = 'card';

-- name: add_part
-- Cards to be made.
-- notes: card_batch_part
INSERT INTO card_batch_part AS t (
    id, batch_id, number, cards, is_chosen, state, added_by, added_at
)
VALUES (
    (SELECT coalesce(max(p.id), 0) + 1 FROM card_batch_part AS p),
    %(batch_id)s,
    (
        SELECT coalesce(max(p.number), 0) + 1 FROM card_batch_part AS p
        WHERE p.batch_id = %(batch_id)s
    ),
    %(cards)s, %(is_chosen)s, 'draft', %(added_by)s, %(added_at)s
)
RETURNING t.id;

-- name: batch
-- Where it stands, held until the end of the transaction.
SELECT
    b.state,
    b.made_by,
    b.responsible,
    b.suspended_by,
    b.issuer_id,
    i.pan_prefix,
    v.kind
FROM card_batch AS b
INNER JOIN issuer AS i ON b.issuer_id = i.id
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
WHERE b.id = %s
FOR UPDATE OF b;

-- name: part
-- Where a part stands, held until the end of the transaction.
SELECT
    batch_id,
    number,
    state,
    cards,
    made,
    added_by,
    brings_value
FROM card_batch_part WHERE id = %s
FOR UPDATE;

-- name: open_part
-- By another person than who added it.
-- notes: card_batch_part
UPDATE card_batch_part AS t SET state = %s, opened_by = %s, opened_at = %s WHERE t.id = %s;

-- name: set_state
-- A batch stands elsewhere, by whom it was suspended if it is.
-- notes: card_batch
UPDATE card_batch AS t SET state = %s, suspended_by = %s WHERE t.id = %s;

-- name: edit_batch
-- What may still be changed of it.
-- notes: card_batch
UPDATE card_batch AS t SET
    name = coalesce(%(name)s, t.name),
    responsible = coalesce(%(responsible)s, t.responsible),
    note = coalesce(%(note)s, t.note),
    vendor_id = coalesce(%(vendor_id)s, t.vendor_id),
    valid_from = coalesce(%(valid_from)s, t.valid_from),
    valid_to = coalesce(%(valid_to)s, t.valid_to)
WHERE t.id = %(id)s;

-- name: cards_were_in_use
-- Cards that came from another system are their holders': they need no activation, and their days
-- are counted from now on.
-- notes: card
UPDATE card AS t
SET
    status = 'active',
    sale = 'sold',
    code_hash = NULL,
    code_sealed = NULL,
    valid_to = coalesce(
        t.valid_to,
        %(today)s::date + (
            SELECT v.valid_days
            FROM card_batch_part AS p
            INNER JOIN card_batch AS b ON p.batch_id = b.id
            INNER JOIN product_version AS v
                ON b.product_id = v.product_id AND b.product_version = v.version
            WHERE p.id = %(part)s
        )
    )
WHERE
    t.id > (%(part)s::bigint << 32)
    AND t.id < ((%(part)s::bigint + 1) << 32)
    AND t.status = 'inactive';
