-- Loads are found by their card, whoever looks: a card has few. A load pays for it, and no other
-- posting.

CREATE INDEX journal_load_of_card ON journal (card_id, id)
WHERE
kind IN (
    'cash_load', 'cash_load_confirm', 'load_by_phone', 'load_by_code', 'cash_taken', 'port_load'
)
AND card_id > 0;

-- The store at whose counter something was done by hand: the name in the key of what was posted
-- says it, see host.model.own.at_store. NULL where it says none.
CREATE FUNCTION store_of_slot(slot text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN substring(split_part(slot, '/', 4) FROM '^job-[0-9]+:([0-9]+)$')::integer;
