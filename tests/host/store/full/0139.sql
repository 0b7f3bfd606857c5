-- A bill of a port that is expected, and one that was taken: of its two lines one is the payment
-- that was loaded, the other is not ours.

INSERT INTO recon_due (source, port, since, said_by)
VALUES ('port_bill', 'wechat', '2026-10-01', 'zhang');

INSERT INTO recon_file (
    source, layout, port, business_date, unit, sha256, lines, sent_by, sent_at, matched_at, matched
) VALUES (
    'port_bill', 'wechat_bill', 'wechat', '2026-10-01', 'CNY', sha256('bill'), 2, 'zhang',
    '2026-10-02 02:00:00+00', '2026-10-02 02:00:01+00', 1
);

INSERT INTO recon_line (
    file_id, line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor
)
SELECT
    f.id,
    v.line,
    v.rrn,
    '',
    '',
    '',
    '2026-10-01'::date,
    'CNY',
    300
FROM recon_file AS f
CROSS JOIN (VALUES (2, 'SIM-3-0'), (3, 'SIM-9-0')) AS v (line, rrn)
WHERE f.source = 'port_bill';

INSERT INTO recon_match (file_id, line, rrn, unit, shard, number, found_by, score)
SELECT
    f.id,
    2,
    'SIM-3-0',
    'CNY',
    p.shard,
    p.journal_id,
    'rrn',
    100
FROM recon_file AS f
INNER JOIN port_payment AS p ON f.port = p.port AND p.reference = 'SIM-3-0'
WHERE f.source = 'port_bill';

INSERT INTO recon_item (
    business_date, source, difference, file_id, line, rrn, terminal_id, batch, trace, unit,
    ours_minor, theirs_minor, opened_at
)
SELECT
    f.business_date,
    f.source,
    'we_lack',
    f.id,
    3,
    'SIM-9-0',
    '',
    '',
    '',
    'CNY',
    0,
    300,
    '2026-10-02 02:00:01+00'
FROM recon_file AS f
WHERE f.source = 'port_bill';
