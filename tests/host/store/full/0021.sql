-- What the clock asked, as this version stores it: of no terminal, under a seal of its own.

INSERT INTO exchange (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
)
WITH last AS (
    SELECT max(seq) AS seq FROM seal
    WHERE shard = 1
)

SELECT
    mod(crc32(convert_to(asked.slot, 'UTF8')), 2),
    asked.slot,
    2465000000901,
    1,
    last.seq + 1,
    'points_expiry',
    '\xaa',
    'approved',
    false,
    '\x',
    1,
    NULL,
    '2026-10-01',
    '2026-10-01 01:00:00+00'
FROM (VALUES ('clock/points_expiry/20261001/20-1/f')) AS asked (slot)
CROSS JOIN last;

INSERT INTO seal (shard, seq, previous, digest, items, form, business_date, sealed_at)
SELECT
    1,
    seq + 1,
    digest,
    sha256(
        digest || convert_to(
            concat_ws(
                chr(10),
                'b|2026-10-01T01:00:00.000000+00:00',
                'x|clock/points_expiry/20261001/20-1/f|2465000000901|points_expiry|aa|approved||1',
                ''
            ),
            'UTF8'
        )
    ),
    1,
    2,
    '2026-10-01',
    '2026-10-01 01:00:00+00'
FROM seal
WHERE shard = 1
ORDER BY seq DESC
LIMIT 1;
