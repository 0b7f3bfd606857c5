-- What is to be paid of a date is told by the parts of its positions, as its files tell it.

-- Rights: see host.store.rights. ---------------------------------------------------------------

REVOKE SELECT (business_date, merchant_id, unit, debit_minor, credit_minor)
ON position FROM posswitch_office;
