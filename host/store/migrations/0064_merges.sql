-- A card of a member may be emptied onto another of the same member, and both stay in use.

ALTER TABLE move
DROP CONSTRAINT move_name,
DROP CONSTRAINT move_to,
ADD CONSTRAINT move_name CHECK (name IN ('replacement', 'void', 'merge')),
ADD CONSTRAINT move_to CHECK (
    (name = 'void') = (to_card IS NULL)
    AND (to_card IS NULL) = (to_shard IS NULL)
    AND to_card <> card_id
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (to_shard, to_card, made_by, asked_at) ON move TO posswitch_office;
