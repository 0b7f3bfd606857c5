-- What members have paid by a store's code is listed by store, and by merchant.

CREATE INDEX history_paid_at_store ON history (((after ->> 'store')::integer), id)
WHERE action = 'pay.scan' AND outcome = 'done' AND starts_with(source, 'job/');
CREATE INDEX history_paid_at_merchant ON history (((after ->> 'merchant')::integer), id)
WHERE action = 'pay.scan' AND outcome = 'done' AND starts_with(source, 'job/');
