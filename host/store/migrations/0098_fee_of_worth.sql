-- What the night reckons for each line of a day, in one place and without a detour.

-- What somebody pays of so much: a part for itself, so many millionths, half of a unit to the even
-- one, within what is the least and the most. Each argument is a column, so it becomes part of the
-- statement that asks.
CREATE FUNCTION fee_of_worth(
    worth_minor bigint, flat_minor bigint, millionths integer, least_minor bigint, most_minor bigint
) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(
    most_minor,
    greatest(
        least_minor,
        flat_minor
        + (worth_minor * millionths + 500000) / 1000000
        - CASE
            WHEN
                (worth_minor * millionths + 500000) % 1000000 = 0
                AND (worth_minor * millionths + 500000) / 1000000 % 2 = 1
                THEN 1
            ELSE 0
        END
    )
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (debit_account, credit_account, amount_minor) ON entry TO posswitch_night;
