-- Signed heads, asked.

-- name: create_ends
-- What the heads name, beside the chains.
CREATE TEMPORARY TABLE chain_end (
    number bigint NOT NULL,
    name text NOT NULL,
    shard smallint NOT NULL,
    seq bigint NOT NULL,
    digest bytea NOT NULL
) ON COMMIT DROP;

-- name: copy_ends
-- One for each chain a head names.
COPY chain_end FROM STDIN;

-- name: create_written
-- The heads of the file beside the host.
CREATE TEMPORARY TABLE written_head (
    number bigint NOT NULL,
    body text NOT NULL,
    signature bytea NOT NULL
) ON COMMIT DROP;

-- name: copy_written
-- As they are in the file.
COPY written_head FROM STDIN;

-- name: stored_heads
-- As they are in the database.
SELECT
    number,
    body,
    signature
FROM signed_head
ORDER BY number;

-- name: lost_heads
-- What was signed is still there, word for word.
SELECT written_head.number
FROM written_head
LEFT JOIN signed_head ON signed_head.number = written_head.number
WHERE
    signed_head.body IS DISTINCT FROM written_head.body
    OR signed_head.signature IS DISTINCT FROM written_head.signature
ORDER BY written_head.number
LIMIT 100;

-- name: missing_ends
-- The first head that each chain no longer fits, and where.
SELECT DISTINCT ON (chain_end.name, chain_end.shard)
    chain_end.number,
    chain_end.name,
    chain_end.shard,
    chain_end.seq
FROM chain_end
LEFT JOIN seal
    ON chain_end.name = 'seal' AND seal.shard = chain_end.shard AND seal.seq = chain_end.seq
LEFT JOIN change_link ON chain_end.name = 'link' AND change_link.seq = chain_end.seq
WHERE coalesce(seal.digest, change_link.digest) IS DISTINCT FROM chain_end.digest
ORDER BY chain_end.name, chain_end.shard, chain_end.seq;
