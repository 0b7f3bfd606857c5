-- The bank has sent a payment back, and it is paid again with the next date.

INSERT INTO business_day (business_date, state, opened_at, closed_at) VALUES
('2026-10-02', 'closed', '2026-10-02 00:00:00+00', '2026-10-03 00:00:00+00');

INSERT INTO recon_file (
    source, layout, merchant_id, issuer_id, business_date, unit, sha256, lines, matched, sent_by,
    sent_at, matched_at
) VALUES (
    'bank_statement', 'bank_camt053', NULL, NULL, '2026-09-30', 'CNY', sha256('camt'), 1, 1, 'wu',
    '2026-10-05 08:00:00+00', '2026-10-05 08:00:01+00'
);

INSERT INTO recon_line (
    file_id, line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor
)
SELECT f.id, 1, p.end_to_end_id, '', '', '', '2026-10-05', 'CNY', -12945
FROM recon_file AS f
INNER JOIN payout AS p ON f.business_date = p.business_date
WHERE f.source = 'bank_statement' AND f.sha256 = sha256('camt');

INSERT INTO recon_return (file_id, line, reason)
SELECT f.id, 1, 'AC04'
FROM recon_file AS f
WHERE f.source = 'bank_statement' AND f.sha256 = sha256('camt');

INSERT INTO payout_return (payout_id, file_id, line)
SELECT p.id, r.file_id, r.line
FROM recon_return AS r
CROSS JOIN payout AS p
WHERE p.business_date = '2026-09-30';

INSERT INTO payout_file (
    id, pay_on, account_id, payouts, total_minor, sha256, asked_by, agreed_by, made_at
) SELECT
    3, '2026-10-06', a.id, 1, 12945, sha256('third'), 'wu', 'li', '2026-10-06 08:00:00+00'
FROM payout_account AS a
WHERE a.merchant_id IS NULL;

INSERT INTO payout (
    business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id, file_id
) SELECT '2026-10-02', 1, 'CNY', 12945, '20261002-' || m.merchant_id, a.id, 3
FROM payout_account AS a
INNER JOIN merchant AS m ON a.merchant_id = m.id;

INSERT INTO payout_again (returned_id, payout_id)
SELECT r.payout_id, p.id
FROM payout_return AS r
CROSS JOIN payout AS p
WHERE p.business_date = '2026-10-02';
