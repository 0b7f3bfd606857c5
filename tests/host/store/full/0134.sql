-- A merchant that says what it is.

UPDATE merchant SET
    introduction_zh = '手冲咖啡',
    introduction_en = 'Coffee by hand',
    service_phone = '021-55550000',
    hours = '9-21'
WHERE id = (SELECT min(id) FROM merchant);
