-- A link over what the migration itself noted, and something that was taken away since.

INSERT INTO change (relation, key, digest) VALUES
('terminal_key', '80010001/pik/0', '\x00'),
('terminal_key', '80010001/pik/0', NULL);

INSERT INTO change_link (seq, previous, digest, first_change, last_change, changes, linked_at)
SELECT
    1,
    decode(repeat('00', 32), 'hex'),
    sha256(
        decode(repeat('00', 32), 'hex') || convert_to(
            extract(EPOCH FROM timestamptz '2026-11-25 12:00:00+00') || E'\n' || string_agg(
                concat_ws(
                    '|', id, relation, key, coalesce(encode(digest, 'hex'), '-'),
                    extract(EPOCH FROM made_at), made_by
                ) || E'\n', '' ORDER BY id
            ), 'UTF8'
        )
    ),
    min(id),
    max(id),
    count(*),
    timestamptz '2026-11-25 12:00:00+00'
FROM change;
