-- A merchant that was changed over an edit by hand, and that this was taken over.

WITH noted AS (
    INSERT INTO change (relation, key, before, digest, content)
    SELECT 'merchant', t.id::text, '\x01', row_digest(t), row_content(t, '{}')
    FROM merchant AS t
    RETURNING id, before
)

INSERT INTO change (relation, key, digest, reason, asked_by, accepted_by)
SELECT 'change', id::text, before, 'renamed', 'li', 'wang' FROM noted;
