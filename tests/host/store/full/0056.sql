-- A face that was taken out.

INSERT INTO card_face (id, product_id, name, version, state)
SELECT
    max(f.id) + 1,
    min(f.product_id),
    'Taken out',
    1,
    'withdrawn'
FROM card_face AS f;
