-- A shipment, and a card that was sent with it.

INSERT INTO shipment (
    issuer_id, batch_id, reference, cards, recipient, carrier, tracking, state, sent_by, sent_at
) VALUES
(1, 1, 'S-1', 1, 'City store', 'SF', 'SF0001', 'sent', 'bai', '2026-10-01 12:00:00+00');

INSERT INTO card (
    shard, pan_hash, id, issuer_id, status, expiry, pan_masked, pan_sealed, part_id, sale,
    shipment_id
) VALUES
(
    '0', '\x00000000000000000000000000000036', '4294967300', '1', 'inactive', '2810',
    '991000******0036', '\x5ea1ed36', 1, 'allocated', 1
);

UPDATE card_batch_part SET cards = 4, made = 4 WHERE id = 1;
