-- Vouchers that one merchant alone takes are found by that merchant.
CREATE INDEX card_batch_of_merchant ON card_batch (
    (CASE WHEN cardinality(merchants) = 1 THEN merchants[1] END), id
);
