-- What the parts of a date come to between a merchant and an issuer, which the merchant confirmed.

INSERT INTO settlement_statement
SELECT * FROM statement_of_parts
WHERE business_date = '2026-10-01';

INSERT INTO statement_confirmed (business_date, place, side, confirmed_by, confirmed_at)
VALUES ('2026-10-01', 1, 'merchant', 'owner', '2026-10-02 08:00:00+00');
