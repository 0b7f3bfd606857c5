-- Loads are listed whole, and each issuer's and each merchant's by themselves. Each list says whose
-- it is by a condition of its own that is always true (host.office.rows.cash), and so does its
-- index: no plan takes another's, whatever statistics say, and walks past the loads of others.

DROP INDEX journal_load;
CREATE INDEX journal_load ON journal (id)
WHERE
kind IN ('cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken')
AND amount_minor > 0;
CREATE INDEX journal_load_of_issuer ON journal (issuer_id, id)
WHERE
kind IN ('cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken')
AND issuer_id > 0;
CREATE INDEX journal_load_of_merchant ON journal (merchant_id, id)
WHERE
kind IN ('cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken')
AND merchant_id > 0;
