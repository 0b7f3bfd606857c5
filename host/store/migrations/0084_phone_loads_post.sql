-- A load by a phone number and its void always post, too: the two indexes of what posted nothing
-- leave them out, as the statements of life.sql do.

DROP INDEX exchange_unposted;
CREATE INDEX exchange_unposted ON exchange (id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry', 'adjustment', 'card_activation', 'move_in', 'combined_purchase',
    'voucher_redemption', 'load_by_code', 'voucher_void', 'load_by_phone', 'phone_load_void'
);
DROP INDEX exchange_unposted_of_card;
CREATE INDEX exchange_unposted_of_card ON exchange (card_id, id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry', 'adjustment', 'card_activation', 'move_in', 'combined_purchase',
    'voucher_redemption', 'load_by_code', 'voucher_void', 'load_by_phone', 'phone_load_void'
);
