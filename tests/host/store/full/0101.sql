-- A file of a merchant of which one line is ours, one is not, and one of ours is not in it.

INSERT INTO recon_due (source, merchant_id, issuer_id, since, until, said_by)
VALUES
('merchant_file', 1, NULL, '2026-10-01', '2026-12-31', 'zhang'),
('issuer_file', NULL, 1, '2026-10-01', NULL, 'zhang');

INSERT INTO recon_file (
    source, layout, merchant_id, issuer_id, business_date, unit, sha256, lines, sent_by, sent_at,
    matched_at, matched
) VALUES
(
    'merchant_file', 'merchant_csv', 1, NULL, '2026-10-01', 'CNY', sha256('theirs'), 1, 'zhang',
    '2026-10-02 02:00:00+00', '2026-10-02 02:00:01+00', 0
),
(
    'issuer_file', 'issuer_csv', NULL, 1, '2026-10-01', 'CNY', sha256('issuers'), 1, 'zhang',
    '2026-10-02 02:00:00+00', '2026-10-02 02:00:01+00', 1
);

INSERT INTO recon_line (
    file_id, line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor
)
SELECT
    f.id,
    2,
    '100100000999',
    '80010001',
    '000001',
    '000009',
    '2026-10-01'::date,
    'CNY',
    300
FROM recon_file AS f
WHERE f.source = 'merchant_file';

WITH moved AS (
    SELECT
        e.shard,
        e.journal_id,
        a.unit,
        sum(
            CASE WHEN a.id = e.credit_account THEN e.amount_minor ELSE -e.amount_minor END
        ) AS amount_minor
    FROM entry AS e
    INNER JOIN account AS a ON a.id IN (e.debit_account, e.credit_account)
    WHERE a.issuer_id = 1 AND a.merchant_id IS NOT NULL AND e.shard <> 32767
    GROUP BY e.shard, e.journal_id, a.unit
    ORDER BY e.journal_id
    LIMIT 1
),

line AS (
    INSERT INTO recon_line (
        file_id, line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor
    )
    SELECT
        f.id,
        2,
        rrn_of(moved.journal_id),
        '80010001',
        '000001',
        '000008',
        '2026-10-01',
        moved.unit,
        moved.amount_minor
    FROM moved
    INNER JOIN recon_file AS f ON f.source = 'issuer_file'
    RETURNING file_id, line, rrn, unit
)

INSERT INTO recon_match (file_id, line, rrn, unit, shard, number, found_by, score)
SELECT
    line.file_id,
    line.line,
    line.rrn,
    line.unit,
    moved.shard,
    moved.journal_id,
    'fuzzy',
    80
FROM line
CROSS JOIN moved;

INSERT INTO recon_item (
    business_date, source, difference, file_id, line, merchant_id, issuer_id, rrn, terminal_id,
    batch, trace, unit, shard, number, ours_minor, theirs_minor, suggested, score, opened_at,
    owner, answer, answered_by, answered_at, with_item, mended_shard, mended_number, note
)
SELECT
    f.business_date,
    f.source,
    told.difference,
    f.id,
    told.line,
    f.merchant_id,
    f.issuer_id,
    '100100000999',
    '80010001',
    '000001',
    '000009',
    'CNY',
    CASE WHEN told.difference = 'they_lack' THEN 0 END,
    CASE WHEN told.difference = 'they_lack' THEN 2465000000993 END,
    300 - told.other_minor,
    told.theirs_minor,
    '100100000993',
    60,
    f.matched_at,
    'zhang',
    told.answer,
    told.answered_by,
    told.answered_at,
    told.with_item,
    told.mended_shard,
    told.mended_number,
    'posted by hand'
FROM recon_file AS f
INNER JOIN (
    VALUES
    (
        'merchant_file', 'we_lack', 2, 300, 300, 'posted', 'zhang',
        '2026-10-02 03:00:00+00'::timestamptz, 1, 0, 2465000000993
    ),
    ('issuer_file', 'they_lack', NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL)
) AS told (
    source, difference, line, other_minor, theirs_minor, answer, answered_by, answered_at,
    with_item, mended_shard, mended_number
) ON f.source = told.source;
