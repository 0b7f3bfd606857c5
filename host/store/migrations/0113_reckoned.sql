-- What the night reckons for each merchant and issuer is put in by statements that join whom it
-- names, and is proven whole: by the night, by its digests, by the audit. Looking the names of each
-- row up, one by one, took a quarter of a night. Whom they name stays said; that one is gone shows
-- in the chain, where all of these are noted.

ALTER TABLE position ALTER CONSTRAINT position_business_date_fkey NOT ENFORCED;
ALTER TABLE position ALTER CONSTRAINT position_merchant_id_fkey NOT ENFORCED;
ALTER TABLE position ALTER CONSTRAINT position_issuer_id_fkey NOT ENFORCED;

ALTER TABLE position_part ALTER CONSTRAINT position_part_of_day NOT ENFORCED;
ALTER TABLE position_part ALTER CONSTRAINT position_part_of_merchant NOT ENFORCED;
ALTER TABLE position_part ALTER CONSTRAINT position_part_of_store NOT ENFORCED;
ALTER TABLE position_part ALTER CONSTRAINT position_part_of_issuer NOT ENFORCED;
ALTER TABLE position_part ALTER CONSTRAINT position_part_of_product NOT ENFORCED;

ALTER TABLE fee_charge ALTER CONSTRAINT fee_charge_of_day NOT ENFORCED;
ALTER TABLE fee_charge ALTER CONSTRAINT fee_charge_of_fee NOT ENFORCED;

ALTER TABLE settlement_statement ALTER CONSTRAINT statement_of_day NOT ENFORCED;
ALTER TABLE settlement_statement ALTER CONSTRAINT statement_of_merchant NOT ENFORCED;
ALTER TABLE settlement_statement ALTER CONSTRAINT statement_of_issuer NOT ENFORCED;

ALTER TABLE checkpoint ALTER CONSTRAINT checkpoint_business_date_fkey NOT ENFORCED;
