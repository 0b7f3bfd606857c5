-- A purchase of the date was refused for want of money.

INSERT INTO declined_part (
    business_date, place, merchant_id, store_id, kind, channel, reason, items
) VALUES ('2026-09-30', 1, 1, 1, 'purchase', 'pos', 'insufficient_funds', 1);
