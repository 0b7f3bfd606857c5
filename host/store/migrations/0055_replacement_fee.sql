-- What a clerk may take for a card that replaces another: out of its value, to its issuer's fees.

-- The most that a product allows; null: nothing.
ALTER TABLE product_version ADD COLUMN replacement_fee_minor_max bigint
CONSTRAINT product_replacement_fee CHECK (replacement_fee_minor_max > 0);

-- What is taken before anything else leaves the card.
ALTER TABLE move ADD COLUMN fee_minor bigint NOT NULL DEFAULT 0
CONSTRAINT move_fee CHECK (fee_minor = 0 OR (fee_minor > 0 AND name = 'replacement'));

-- Fees are an issuer's own; the accounts of nobody in particular were never posted in.
INSERT INTO account (id, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    'fee_income',
    currency,
    id
FROM issuer;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (fee_minor) ON move TO posswitch_office;
GRANT SELECT (fee_minor) ON move TO posswitch_reader;
GRANT SELECT (replacement_fee_minor_max) ON product_version TO posswitch_reader;
