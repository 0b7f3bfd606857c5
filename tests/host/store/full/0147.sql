-- Adds no table and no column.
SELECT store_of_slot('office/ou/voucher.use/job-3:17');
