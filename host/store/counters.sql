-- The DUKPT counters of devices.

-- name: counters
-- The highest counters seen of the devices in this batch.
SELECT c.terminal_id, c.key_id, c.counter
FROM (SELECT unnest(%s::text []) AS terminal_id, unnest(%s::text []) AS key_id) AS k
INNER JOIN terminal_counter AS c ON k.terminal_id = c.terminal_id AND k.key_id = c.key_id;

-- name: raise_counters
-- In the transaction that decides their messages: what was used is used for ever.
-- notes: terminal_counter
INSERT INTO terminal_counter AS t (terminal_id, key_id, counter)
SELECT
    unnest(%s::text []),
    unnest(%s::text []),
    unnest(%s::bigint [])
ON CONFLICT (terminal_id, key_id)
DO UPDATE SET counter = greatest(t.counter, excluded.counter), slot = '';

-- name: use_counter
-- For messages that are no exchange: gives a row where the counter is new, or the last message
-- comes again because its answer was lost; none where it was used for another.
-- notes: terminal_counter
INSERT INTO terminal_counter AS t (terminal_id, key_id, counter, slot)
VALUES (%(terminal_id)s, %(key_id)s, %(highest)s, %(slot)s)
ON CONFLICT (terminal_id, key_id) DO UPDATE
    SET
        counter = excluded.counter,
        slot = excluded.slot
    WHERE t.counter < %(lowest)s OR (t.counter = %(highest)s AND t.slot = %(slot)s)
RETURNING t.counter;
