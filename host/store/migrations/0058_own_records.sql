-- Who adds somebody whom others know has a record of their own of them, as of anybody: the holder,
-- to whom cards are bound, is there once, and nobody learns of it.

ALTER TABLE member
-- Who keeps this record beside the holder's: `merchant/7`, `issuer/3`; empty: it is the holder's.
ADD COLUMN record_at text NOT NULL DEFAULT '',
-- Whose file brought them.
ADD COLUMN issuer_id smallint REFERENCES issuer;
ALTER TABLE member DROP CONSTRAINT member_by_phone;
ALTER TABLE member
ADD CONSTRAINT member_by_phone UNIQUE (phone_hash, record_at),
ADD CONSTRAINT member_record_at CHECK (record_at ~ '^((merchant|issuer)/[0-9]+)?$');

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (record_at, issuer_id) ON member TO posswitch_office;
REVOKE UPDATE (merchant_id) ON member FROM posswitch_office;
GRANT SELECT (issuer_id) ON member TO posswitch_reader;
