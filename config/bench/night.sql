-- What a night is held against, and the fees that it charges.

-- name: fees
-- One of every sale, one of loads, and one of points: who pays, a share, and something for each.
INSERT INTO fee (
    id, payer, kinds, since, from_minor, flat_minor, millionths, fee_min_minor, fee_max_minor,
    made_by
)
VALUES
(
    1, 'merchant', '{purchase}', '2020-01-01', '{0,10000}', '{0,0}', '{3800,3000}', 1, 2000,
    'bench'
),
(2, 'merchant', '{points_redemption}', '2020-01-01', '{0}', '{1}', '{0}', 0, null, 'bench'),
(3, 'issuer', '{purchase}', '2020-01-01', '{0}', '{0}', '{500}', 0, null, 'bench');

-- name: bare_aggregate
-- What each account was moved by, of all entries that there are: nothing is joined or kept.
SELECT
    account_id,
    count(*) AS entries,
    sum(amount_minor) AS amount_minor
FROM (
    SELECT
        debit_account AS account_id,
        -amount_minor AS amount_minor
    FROM entry
    UNION ALL
    SELECT
        credit_account,
        amount_minor
    FROM entry
) AS moved
GROUP BY account_id;

-- name: bare_copy_in
-- The files as they were written, in a table that is nothing but rows.
COPY bare FROM STDIN (FORMAT csv);

-- name: bare_copy
-- And out again, as they stand there.
COPY bare TO STDOUT (FORMAT csv);

-- name: drop_bare
-- It has been measured.
DROP TABLE bare;
