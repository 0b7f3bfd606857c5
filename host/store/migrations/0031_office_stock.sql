-- Card batches, sales and members as people look for them; and what people change of a member.
CREATE INDEX card_batch_by_state ON card_batch (state, id);
CREATE INDEX card_batch_by_product ON card_batch (product_id, id);
CREATE INDEX card_batch_by_responsible ON card_batch (responsible, id);
CREATE INDEX card_sale_by_product ON card_sale (product_id, id);
CREATE INDEX card_sale_of_issuer ON card_sale (issuer_id, id);
GRANT UPDATE (name, state, merchant_id) ON member TO posswitch_office;
