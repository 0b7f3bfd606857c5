-- What actions about cards ask beside what `host.stock` does.

-- name: limits_of_issuer
-- Of a transaction, and of what a card has.
SELECT
    amount_minor_max,
    balance_minor_max
FROM issuer
WHERE id = %(issuer)s;

-- name: product_coded
-- An issuer's product of this code.
SELECT id FROM product WHERE issuer_id = %(issuer)s AND code = %(code)s;

-- name: number_of_part
-- Within its batch.
SELECT number FROM card_batch_part WHERE id = %(part)s;

-- name: waiting_parts
-- Parts of a batch that are made and not opened, each with its number within the batch.
SELECT
    id,
    number
FROM card_batch_part
WHERE
    batch_id = %(batch)s
    AND (%(number)s::smallint IS NULL OR number = %(number)s::smallint)
    AND state <> 'opened'
ORDER BY number;

-- name: is_at_work
-- Whether a job about it waits or is being done: it may yet make cards.
SELECT exists(
    SELECT FROM job
    WHERE
        subject_kind = %s
        AND subject_key = %s
        AND state IN ('waiting', 'running', 'stopping')
);

-- name: stopped_by_risk
-- Whether who suspended it is of risk.
SELECT exists(
    SELECT 1
    FROM person AS p
    INNER JOIN person_grant AS g ON p.id = g.person_id
    WHERE p.login = %(login)s AND g.role = 'risk' AND g.ended_at IS NULL
);
