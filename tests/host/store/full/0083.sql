-- A batch of which each may claim two, and a voucher that was claimed.

UPDATE card_batch SET claims_max = 2
WHERE id = (SELECT max(id) FROM card_batch);

INSERT INTO voucher_claim (card_id, member_id, channel, claimed_at, claimed_by)
VALUES (1, 1, 'service', '2026-10-01 03:40:00+00', 'somebody');
