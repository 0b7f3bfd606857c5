-- A slip was sent with a dispute.

UPDATE statement_dispute SET file_id = (SELECT min(f.id) FROM office_file AS f)
WHERE side = 'issuer';
