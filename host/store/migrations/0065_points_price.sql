-- What points pay of a purchase, by dated rows of their programme, in whole steps of so many.

-- The row that is in force is that of the last day not after the one on which something is bought.
CREATE TABLE points_price (
    programme text NOT NULL CONSTRAINT points_price_of_programme REFERENCES programme (code),
    since date NOT NULL,
    points integer NOT NULL CONSTRAINT points_price_points CHECK (points > 0),
    worth_minor integer NOT NULL CONSTRAINT points_price_worth CHECK (worth_minor > 0),
    CONSTRAINT points_price_once PRIMARY KEY (programme, since)
);

-- Combined purchases, and what is done with vouchers, always post when they are approved.
DROP INDEX exchange_unposted;
CREATE INDEX exchange_unposted ON exchange (id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry', 'adjustment', 'card_activation', 'move_in', 'combined_purchase',
    'voucher_redemption', 'load_by_code', 'voucher_void'
);
DROP INDEX exchange_unposted_of_card;
CREATE INDEX exchange_unposted_of_card ON exchange (card_id, id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry', 'adjustment', 'card_activation', 'move_in', 'combined_purchase',
    'voucher_redemption', 'load_by_code', 'voucher_void'
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON points_price TO posswitch_poster;
GRANT SELECT (programme, since, points, worth_minor) ON points_price TO posswitch_reader;
