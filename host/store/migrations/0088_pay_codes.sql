-- A member pays by a code that a till scans, or by scanning a store's; out of several cards.

-- A code is found by its keyed hash. A member's, and a store's for an amount, pay once and soon; a
-- store's without an amount stays. Who is given another has no use of the one before.
CREATE TABLE pay_code (
    code_hash bytea NOT NULL CONSTRAINT pay_code_once PRIMARY KEY,
    member_id bigint,
    store_id integer,
    amount_minor bigint CONSTRAINT pay_code_amount CHECK (amount_minor > 0),
    made_by text NOT NULL CHECK (made_by <> ''),
    made_at timestamptz NOT NULL,
    expires_at timestamptz,
    used_by text,
    is_over boolean NOT NULL DEFAULT false,
    CONSTRAINT pay_code_whose CHECK ((member_id IS NULL) <> (store_id IS NULL)),
    CONSTRAINT pay_code_of_member CHECK (
        member_id IS NULL OR (amount_minor IS NULL AND expires_at IS NOT NULL)
    ),
    CONSTRAINT pay_code_of_store CHECK (
        store_id IS NULL OR (amount_minor IS NULL) = (expires_at IS NULL)
    ),
    CONSTRAINT pay_code_used CHECK (used_by IS NULL OR expires_at IS NOT NULL)
);
-- One at a time of a member, and one lasting one of a store.
CREATE UNIQUE INDEX pay_code_of_member_open ON pay_code (member_id)
WHERE member_id IS NOT NULL AND used_by IS NULL AND NOT is_over;
CREATE UNIQUE INDEX pay_code_of_store_open ON pay_code (store_id)
WHERE expires_at IS NULL AND NOT is_over;

ALTER TABLE move
DROP CONSTRAINT move_name,
DROP CONSTRAINT move_origin,
ADD CONSTRAINT move_name CHECK (name IN ('replacement', 'void', 'merge', 'breakage', 'gather')),
ADD CONSTRAINT move_origin CHECK (
    origin IN ('office', 'clock', 'member') AND (origin = 'member') = (name = 'gather')
);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON pay_code TO posswitch_poster;
GRANT UPDATE (used_by) ON pay_code TO posswitch_poster;
GRANT INSERT (to_shard, to_card) ON move TO posswitch_poster;
GRANT UPDATE (to_shard, to_card, made_by, asked_at) ON move TO posswitch_poster;
GRANT SELECT ON pay_code TO posswitch_office;
GRANT INSERT (
    code_hash, member_id, store_id, amount_minor, made_by, made_at, expires_at
) ON pay_code TO posswitch_office;
GRANT UPDATE (is_over) ON pay_code TO posswitch_office;
GRANT SELECT (
    member_id, store_id, amount_minor, made_by, made_at, expires_at, used_by, is_over
) ON pay_code TO posswitch_reader;
GRANT SELECT ON pay_code TO posswitch_auditor;
