-- What a replaced card owes in points is owed by the card that has its place: it goes there as
-- value does, by the reversed legs, and stands there as a lot below zero.

ALTER TABLE transit ADD COLUMN is_debt boolean NOT NULL DEFAULT false;

-- A lot of a debt is of so many points below zero, and never has any.
ALTER TABLE lot
DROP CONSTRAINT lot_points_check,
DROP CONSTRAINT lot_not_overfilled,
DROP CONSTRAINT lot_written_off,
ADD CONSTRAINT lot_of_something CHECK (points <> 0),
ADD CONSTRAINT lot_not_overfilled CHECK (remaining <= greatest(points, 0)),
ADD CONSTRAINT lot_written_off CHECK (written_off BETWEEN 0 AND greatest(points, 0));

-- Debts of cards that were replaced before go after what they had.
UPDATE move SET
    state = 'open',
    wanted = wanted + 1,
    ended_at = NULL
WHERE
    state = 'done'
    AND name = 'replacement'
    AND EXISTS (
        SELECT 1 FROM purse AS p
        WHERE p.shard = move.shard AND p.card_id = move.card_id AND p.posted_minor < 0
    );

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (is_debt) ON transit TO posswitch_poster;
GRANT SELECT (is_debt) ON transit TO posswitch_reader, posswitch_office;
