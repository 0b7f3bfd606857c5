-- Value that is left on expired cards becomes their issuer's, so many days after, where their
-- product says so.

ALTER TABLE product_version ADD COLUMN breakage_days smallint
CONSTRAINT product_breakage CHECK (
    breakage_days IS NULL OR (breakage_days BETWEEN 1 AND 3650 AND kind = 'card')
);

-- On which business date what an expired card has was said to be its issuer's from then on.
ALTER TABLE card ADD COLUMN breakage_on date;
CREATE INDEX card_expired ON card (part_id, valid_to)
WHERE status = 'expired' AND breakage_on IS NULL;

ALTER TABLE move
DROP CONSTRAINT move_name,
DROP CONSTRAINT move_to,
ADD CONSTRAINT move_name CHECK (name IN ('replacement', 'void', 'merge', 'breakage')),
ADD CONSTRAINT move_to CHECK (
    (name IN ('void', 'breakage')) = (to_card IS NULL)
    AND (to_card IS NULL) = (to_shard IS NULL)
    AND to_card <> card_id
);

-- Each issuer has an account for it in its currency; some have had one all along.
INSERT INTO account (id, chart, unit, issuer_id)
SELECT
    nextval('account_number'),
    'breakage',
    issuer.currency,
    issuer.id
FROM issuer
WHERE
    NOT EXISTS (
        SELECT FROM account
        WHERE
            account.chart = 'breakage'
            AND account.unit = issuer.currency
            AND account.issuer_id = issuer.id
    )
ORDER BY issuer.id;

-- What was taken off an expired card: of which product, and of which month its last day was.
CREATE TABLE breakage (
    shard smallint NOT NULL,
    journal_id bigint NOT NULL,
    product_id integer NOT NULL,
    month date NOT NULL CONSTRAINT breakage_month CHECK (extract(DAY FROM month) = 1),
    amount_minor bigint NOT NULL CONSTRAINT breakage_amount CHECK (amount_minor > 0),
    CONSTRAINT breakage_once PRIMARY KEY (shard, journal_id)
);
CREATE INDEX breakage_of_month ON breakage (product_id, month);

-- Months in which last days of a product's cards were: by these they are looked at.
CREATE TABLE expiry_month (
    product_id integer NOT NULL REFERENCES product,
    month date NOT NULL CONSTRAINT expiry_month_first CHECK (extract(DAY FROM month) = 1),
    issuer_id smallint NOT NULL REFERENCES issuer,
    CONSTRAINT expiry_month_once PRIMARY KEY (product_id, month)
);
CREATE INDEX expiry_month_in_order ON expiry_month (month, product_id);
INSERT INTO expiry_month (product_id, month, issuer_id)
SELECT DISTINCT
    card_batch.product_id,
    date_trunc('month', card.valid_to)::date,
    card_batch.issuer_id
FROM card
INNER JOIN card_batch_part ON card.part_id = card_batch_part.id
INNER JOIN card_batch ON card_batch_part.batch_id = card_batch.id
WHERE card.status = 'expired' AND card.valid_to IS NOT NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON breakage TO posswitch_poster;
GRANT SELECT (product_id, month, amount_minor) ON breakage TO posswitch_office;
GRANT SELECT, INSERT ON expiry_month TO posswitch_office;
GRANT UPDATE (breakage_on) ON card TO posswitch_office;
GRANT SELECT (breakage_days) ON product_version TO posswitch_reader;
GRANT SELECT (breakage_on) ON card TO posswitch_reader;
GRANT SELECT (shard, journal_id, product_id, month, amount_minor) ON breakage TO posswitch_reader;
GRANT SELECT (product_id, month, issuer_id) ON expiry_month TO posswitch_reader;
