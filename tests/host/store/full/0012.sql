-- A head of another age: who has no public key cannot check its signature.

INSERT INTO signed_head (number, body, signature)
SELECT
    1,
    E'posswitch head 1\nat 2026-10-01T09:00:01+00:00\ndate 2026-10-01\nseal 0 9 '
    || encode(seal.digest, 'hex') || E'\n',
    decode(repeat('00', 64), 'hex')
FROM seal
WHERE seal.shard = 0 AND seal.seq = 9;
