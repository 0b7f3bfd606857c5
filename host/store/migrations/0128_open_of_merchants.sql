-- What a merchant's files differ in and nobody has answered is found along an index of its own.

CREATE INDEX recon_item_open_of_merchant ON recon_item (merchant_id, business_date, id)
WHERE answer IS NULL;
