-- As if it had been made with trails: each journal names the one of its card before it.
WITH moved AS (
    SELECT DISTINCT
        movement.shard,
        movement.journal_id,
        purse.card_id
    FROM movement
    INNER JOIN purse
        ON movement.shard = purse.shard AND movement.account_id = purse.account_id
),

trail AS (
    SELECT
        shard,
        journal_id,
        lag(journal_id, 1, 0::bigint) OVER (
            PARTITION BY shard, card_id ORDER BY journal_id
        ) AS before_id
    FROM moved
)

UPDATE journal SET previous_id = coalesce(
    (
        SELECT trail.before_id
        FROM trail
        WHERE trail.shard = journal.shard AND trail.journal_id = journal.id
    ), 0
);

UPDATE setting SET value = '1' WHERE name = 'trails_from';
