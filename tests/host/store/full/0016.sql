-- A merchant that was renamed by hand and taken over, and another edit that waits for agreement.

INSERT INTO change (relation, key, digest, content, reason, asked_by, accepted_by)
SELECT
    'merchant',
    t.id::text,
    row_digest(t),
    row_content(t, '{}'),
    'renamed',
    'li',
    'wang'
FROM merchant AS t;

INSERT INTO takeover (relation, key, digest, reason, asked_by, asked_at) VALUES
('merchant', '7777', '\x00', 'a new shop', 'li', '2026-11-25 12:00:00+00');
