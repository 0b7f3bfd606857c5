-- What a merchant sold of an issuer's value, by kind and channel.

INSERT INTO position_part (
    business_date, place, merchant_id, store_id, issuer_id, product_id, kind, channel, unit, items,
    amount_minor, points_earned, merchant_fee_minor, issuer_fee_minor
) VALUES ('2026-10-01', 1, 1, 1, 1, 1, 'purchase', 'pos', 'CNY', 2, 81220, 812, 488, 0);
