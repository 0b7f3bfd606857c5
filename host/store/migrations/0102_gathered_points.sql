-- Points of a member's other cards come onto the one that pays, as their money does.

-- So many points of that unit are still to leave the card.
ALTER TABLE move
ADD COLUMN points bigint NOT NULL DEFAULT 0,
ADD COLUMN unit text NOT NULL DEFAULT '',
DROP CONSTRAINT move_name,
DROP CONSTRAINT move_origin,
ADD CONSTRAINT move_name CHECK (
    name IN ('replacement', 'void', 'merge', 'breakage', 'gather', 'gather_points')
),
ADD CONSTRAINT move_origin CHECK (
    origin IN ('office', 'clock', 'member')
    AND (origin = 'member') = (name IN ('gather', 'gather_points'))
),
ADD CONSTRAINT move_points CHECK (
    points >= 0
    AND (points = 0 OR unit <> '')
    AND (unit <> '') = (name = 'gather_points')
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT INSERT (points, unit) ON move TO posswitch_poster;
GRANT UPDATE (points, unit) ON move TO posswitch_poster;
GRANT SELECT (points, unit) ON move TO posswitch_reader;
