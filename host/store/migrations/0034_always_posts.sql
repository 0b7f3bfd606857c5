-- What posted nothing, or may have: of kinds that always post when they are approved nothing is in
-- these indexes, so that no such posting keeps them up. A test holds the list to clearing.verify.

DROP INDEX exchange_unposted;
CREATE INDEX exchange_unposted ON exchange (id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry', 'adjustment', 'card_activation', 'move_in'
);
DROP INDEX exchange_unposted_of_card;
CREATE INDEX exchange_unposted_of_card ON exchange (card_id, id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry', 'adjustment', 'card_activation', 'move_in'
);
