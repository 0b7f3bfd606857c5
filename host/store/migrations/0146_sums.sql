-- A sum of whole numbers that is one. PostgreSQL's own of bigint is numeric: it takes three times
-- the room for each group, and is made a number of any length only to be made a bigint again. This
-- one refuses what does not fit.

CREATE AGGREGATE bigint_sum(bigint) (  -- noqa: LT01
    sfunc = int8pl,
    stype = bigint,
    combinefunc = int8pl,
    parallel = safe
);
