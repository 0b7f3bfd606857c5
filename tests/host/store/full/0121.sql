-- What was paid again came back as well, as two people say of a line that does not.

UPDATE recon_file SET lines = 2
WHERE source = 'bank_statement' AND sha256 = sha256('camt');

INSERT INTO recon_line (
    file_id, line, rrn, terminal_id, batch, trace, traded_on, unit, amount_minor
)
SELECT f.id, 2, '', '', '', '', '2026-10-07', 'CNY', -12945
FROM recon_file AS f
WHERE f.source = 'bank_statement' AND f.sha256 = sha256('camt');

INSERT INTO recon_item (
    business_date, source, difference, file_id, line, merchant_id, issuer_id, rrn, terminal_id,
    batch, trace, unit, ours_minor, theirs_minor, opened_at, owner, answer, answered_by,
    answered_at, note
)
SELECT
    f.business_date, f.source, 'unknown', f.id, 2, NULL, NULL, '', '', '', '', 'CNY', 0, -12945,
    '2026-10-07 08:00:00+00', 'wu', NULL, NULL, NULL, ''
FROM recon_file AS f
WHERE f.source = 'bank_statement' AND f.sha256 = sha256('camt');

UPDATE recon_item SET
    answer = 'returned', answered_by = 'wu', answered_at = '2026-10-07 09:00:00+00',
    with_item = id, note = 'as the bank told'
WHERE theirs_minor = -12945 AND difference = 'unknown';

INSERT INTO payout_return (payout_id) SELECT p.id FROM payout AS p
WHERE p.business_date = '2026-10-02';

INSERT INTO payout_return_said (payout_id, reason, item_id, said_by, agreed_by, said_at)
SELECT p.id, 'account closed', i.id, 'wu', 'li', '2026-10-07 09:00:00+00'
FROM payout AS p
CROSS JOIN recon_item AS i
WHERE p.business_date = '2026-10-02' AND i.answer = 'returned';
