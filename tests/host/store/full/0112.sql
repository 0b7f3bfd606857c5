-- A merchant has an account, the house another, and what was owed is paid from that to this, once
-- its issuer has confirmed the statement as well.

INSERT INTO statement_confirmed (business_date, place, side, confirmed_by, confirmed_at)
VALUES ('2026-10-01', 1, 'issuer', 'keeper', '2026-10-02 09:00:00+00');

INSERT INTO payout_account (
    merchant_id, holder, account, account_masked, bank, set_at, set_by, agreed_by
) VALUES
(
    NULL, 'The house', '6222020200112230001', '****0001', '102100099996',
    '2026-10-01 08:00:00+00', 'wu', 'li'
),
(
    1, 'Shop 1', 'GB82WEST12345698765432', '****5432', 'WESTGB2L',
    '2026-10-01 08:00:00+00', 'wu', 'li'
);

INSERT INTO payout_file (
    id, pay_on, account_id, payouts, total_minor, sha256, asked_by, agreed_by, made_at
) SELECT
    1, '2026-10-03', a.id, 1, 81220, sha256('file'), 'wu', 'li', '2026-10-03 08:00:00+00'
FROM payout_account AS a
WHERE a.merchant_id IS NULL;

INSERT INTO payout (
    business_date, merchant_id, unit, amount_minor, end_to_end_id, account_id, file_id
) SELECT '2026-10-01', 1, 'CNY', 81220, '20261001-' || m.merchant_id, a.id, 1
FROM payout_account AS a
INNER JOIN merchant AS m ON a.merchant_id = m.id;

INSERT INTO payout_statement (business_date, place, payout_id)
SELECT '2026-10-01', 1, p.id
FROM payout AS p;
