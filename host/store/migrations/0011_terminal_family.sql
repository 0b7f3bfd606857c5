-- What a terminal is: it is heard in the dialects of its family only, whatever keys it has.
ALTER TABLE terminal ADD COLUMN family text NOT NULL DEFAULT 'pos'
CONSTRAINT terminal_family CHECK (family IN ('pos', 'mis', 'softpos'));

-- Terminals that are there already are what they were heard as last: each look is one of the
-- primary key, in every shard. Phones are known by their keys where they were not heard yet.
UPDATE terminal SET family = 'softpos'
WHERE mac_algorithm = 'aes-dukpt';

WITH heard AS (
    SELECT
        t.terminal_id,
        i.institution
    FROM terminal AS t
    CROSS JOIN unnest(ARRAY['pos', 'mis', 'softpos']) AS i (institution)
    WHERE EXISTS (
        SELECT FROM exchange AS e
        WHERE
            e.home IN (
                SELECT generate_series(0, s.value::integer - 1) FROM setting AS s
                WHERE s.name = 'shard_count'
            )
            AND e.slot > i.institution || '/' || t.terminal_id || '/'
            AND e.slot < i.institution || '/' || t.terminal_id || '0'
    )
)

UPDATE terminal AS t SET family = h.institution
FROM heard AS h
WHERE t.terminal_id = h.terminal_id;
