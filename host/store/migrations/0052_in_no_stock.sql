-- A card that the office or its holder has activated is sold: it is in no stock any more.
UPDATE card SET sale = 'sold'
WHERE sale IN ('unsold', 'allocated') AND (status = 'active' OR member_id IS NOT NULL);
