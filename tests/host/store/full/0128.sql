-- A difference of a merchant's file that nobody has answered.

INSERT INTO recon_item (
    business_date, source, difference, file_id, merchant_id, rrn, terminal_id, batch, trace, unit,
    ours_minor, theirs_minor, opened_at
)
SELECT
    business_date,
    source,
    'they_lack',
    id,
    merchant_id,
    '100100000127',
    '',
    '',
    '',
    unit,
    127,
    0,
    now()
FROM recon_file
WHERE merchant_id IS NOT NULL
ORDER BY id
LIMIT 1;
