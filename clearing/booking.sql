-- What the night posts itself (`clearing.booking`): each as the host's own statements write it, in
-- the night's shard.

-- name: night_begins
-- A block of numbers of the date, that no writer takes from any more; how many shards there are,
-- for a key's home; and the moment.
-- notes: number_block
INSERT INTO number_block AS t (business_date, next_number)
VALUES (%(business_date)s, %(count)s)
ON CONFLICT (business_date)
DO UPDATE SET next_number = t.next_number + excluded.next_number
RETURNING
    t.next_number,
    (SELECT setting.value::integer FROM setting WHERE setting.name = 'shard_count') AS shard_count,
    now() AS decided_at;

-- name: night_exchanges
-- That it was asked, by the night, and what became of it.
INSERT INTO exchange (
    business_date, decided_at, home, slot, id, shard, seal, kind, fingerprint, reason,
    is_tombstone, answer, card_id
)
SELECT
    %(business_date)s::date,
    %(decided_at)s::timestamptz,
    unnest(%(homes)s::smallint []),
    unnest(%(slots)s::text []),
    unnest(%(numbers)s::bigint []),
    %(shard)s::smallint,
    %(seal)s::bigint,
    %(kind)s,
    unnest(%(fingerprints)s::bytea []),
    %(reason)s,
    false,
    unnest(%(answers)s::bytea []),
    %(card)s::bigint;

-- name: night_seal
-- The next link of the night's chain.
INSERT INTO seal (form, business_date, sealed_at, shard, seq, previous, digest, items)
VALUES (
    %(form)s, %(business_date)s, %(decided_at)s, %(shard)s, %(seal)s, %(previous)s, %(digest)s,
    %(items)s
);

-- name: night_journals
-- One for each posting.
INSERT INTO journal (
    business_date, shard, id, seal, home, slot, kind, card_id, issuer_id, merchant_id,
    amount_minor, unit
)
SELECT
    %(business_date)s::date,
    %(shard)s::smallint,
    unnest(%(numbers)s::bigint []),
    %(seal)s::bigint,
    unnest(%(homes)s::smallint []),
    unnest(%(slots)s::text []),
    %(kind)s,
    %(card)s::bigint,
    unnest(%(issuers)s::smallint []),
    unnest(%(merchants)s::integer []),
    unnest(%(amounts)s::bigint []),
    unnest(%(units)s::text []);

-- name: night_entries
-- The legs.
INSERT INTO entry (
    business_date, shard, journal_id, leg, debit_account, credit_account, amount_minor, unit
)
SELECT
    %(business_date)s::date,
    %(shard)s::smallint,
    unnest(%(journals)s::bigint []),
    unnest(%(places)s::smallint []),
    unnest(%(debits)s::bigint []),
    unnest(%(credits)s::bigint []),
    unnest(%(amounts)s::bigint []),
    unnest(%(units)s::text []);
