-- A batch whose vouchers are reviewed when they are redeemed by hand.

UPDATE card_batch SET is_reviewed = true
WHERE id = (SELECT max(id) FROM card_batch);
