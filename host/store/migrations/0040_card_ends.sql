-- Cards that are replaced, or voided one by one or with their batch, by people.

-- Purses of which something is held: a card or a batch that has one is not voided.
CREATE INDEX purse_held ON purse (shard, card_id) WHERE held_minor > 0;
CREATE INDEX move_of_card ON move (card_id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (valid_from) ON card TO posswitch_office;
GRANT SELECT ON move TO posswitch_office;
GRANT INSERT (
    shard, card_id, name, to_shard, to_card, origin, made_by, asked_at
) ON move TO posswitch_office;
GRANT UPDATE (wanted, state, refused, ended_at) ON move TO posswitch_office;
