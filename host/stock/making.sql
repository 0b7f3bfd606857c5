-- Making the cards of a part, some thousands at a time. Columns come as arrays (host.store.arrays).

-- name: part
-- What is to be made, held until the end of the transaction: nobody else makes the same cards.
SELECT
    p.batch_id,
    p.number,
    p.cards,
    p.made,
    p.state,
    b.issuer_id,
    b.state,
    i.pan_prefix,
    coalesce(b.valid_from, v.valid_from),
    coalesce(b.valid_to, v.valid_to),
    v.form,
    v.kind
FROM card_batch_part AS p
INNER JOIN card_batch AS b ON p.batch_id = b.id
INNER JOIN product_version AS v ON b.product_id = v.product_id AND b.product_version = v.version
INNER JOIN issuer AS i ON b.issuer_id = i.id
WHERE p.id = %s
FOR UPDATE OF p;

-- name: other_prefixes
-- Whose ranges may lie within another's.
SELECT pan_prefix FROM issuer WHERE id <> %s;

-- name: add_cards
-- Cards that nobody has sold. A number that is there already is left out: its place is drawn again.
-- notes: card together
INSERT INTO card AS t (
    part_id, issuer_id, status, sale, expiry, valid_from, valid_to,
    shard, pan_hash, id, pan_masked, pan_sealed, code_hash, code_sealed
)
SELECT
    %s::integer,
    %s::smallint,
    'inactive',
    'unsold',
    %s::text,
    %s::date,
    %s::date,
    r.*
FROM
    unnest(
        %s::smallint [],
        %s::bytea [],
        %s::bigint [],
        %s::text [],
        %s::bytea [],
        %s::bytea [],
        %s::bytea []
    ) AS r
ON CONFLICT ON CONSTRAINT card_once DO NOTHING;

-- name: add_vouchers
-- Vouchers that nobody has used. A code that is there already is left out: it is drawn again.
-- notes: card together
INSERT INTO card AS t (
    part_id, issuer_id, status, sale, expiry, valid_from, valid_to,
    shard, pan_hash, id, pan_masked, pan_sealed
)
SELECT
    %s::integer,
    %s::smallint,
    'issued',
    'unsold',
    %s::text,
    %s::date,
    %s::date,
    r.*
FROM
    unnest(
        %s::smallint [],
        %s::bytea [],
        %s::bigint [],
        %s::text [],
        %s::bytea []
    ) AS r
ON CONFLICT ON CONSTRAINT card_once DO NOTHING;

-- name: made
-- Which of these cards are there.
SELECT id FROM card WHERE id = any(%s);

-- name: in_use
-- Which of these numbers somebody has.
SELECT c.pan_hash
FROM unnest(%s::smallint [], %s::bytea []) AS k (shard, pan_hash)
INNER JOIN card AS c ON k.shard = c.shard AND k.pan_hash = c.pan_hash;

-- name: note_progress
-- How far a part has come.
-- notes: card_batch_part
UPDATE card_batch_part AS t SET made = %s, state = %s WHERE t.id = %s;

-- name: set_batch_state
-- Where the batch stands because of it.
-- notes: card_batch
UPDATE card_batch AS t SET state = %s WHERE t.id = %s AND t.state <> %s;

-- name: next_part
-- The oldest part that is to be made.
SELECT id FROM card_batch_part WHERE state IN ('draft', 'generating') AND NOT is_chosen
ORDER BY id LIMIT 1;
