-- What the demo waits for.

-- name: difference
-- The difference that names an RRN, and how many lines of its file are ours.
SELECT
    i.id,
    f.matched
FROM recon_item AS i
INNER JOIN recon_file AS f ON i.file_id = f.id
WHERE i.rrn = %(rrn)s AND f.matched_at IS NOT NULL
ORDER BY i.id
LIMIT 1;
