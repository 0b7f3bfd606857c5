-- Adds no table and no column.
SELECT bigint_sum(n) FROM generate_series(1, 3) AS n;
