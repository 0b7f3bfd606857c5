-- What a product says of the days of its cards, each way by its name: so many days from activation;
-- or until a day, from another where it says one; or nothing, and its cards never end. It was let
-- through before because what is compared with nothing is neither true nor false.
ALTER TABLE product_version
DROP CONSTRAINT product_validity,
ADD CONSTRAINT product_validity CHECK (
    CASE
        WHEN valid_days IS NOT NULL THEN valid_days > 0 AND valid_from IS NULL AND valid_to IS NULL
        WHEN valid_to IS NOT NULL THEN valid_from IS NULL OR valid_from <= valid_to
        ELSE valid_from IS NULL
    END
);
