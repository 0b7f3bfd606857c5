-- What the clock does: cards and batches whose days are over, members who leave, rows of the office
-- that nobody needs any more; and members who are frozen are followed by running hosts.

ALTER TABLE estate_change
DROP CONSTRAINT estate_change_relation_check,
ADD CONSTRAINT estate_change_relation CHECK (
    relation IN (
        'issuer', 'merchant', 'terminal', 'card_batch', 'card_batch_part', 'member', 'alliance'
    )
);

-- When who is closing asked for it.
ALTER TABLE member ADD COLUMN closing_at timestamptz;
UPDATE member SET closing_at = made_at WHERE state = 'closing';
ALTER TABLE member ADD CONSTRAINT member_closing CHECK (
    (state = 'closing') = (closing_at IS NOT NULL)
);
CREATE INDEX member_stopped ON member (id) WHERE state IN ('frozen', 'closing');

-- Cards that have not ended, by their part and how they stand.
CREATE INDEX card_in_use ON card (part_id, status, valid_to)
WHERE part_id IS NOT NULL AND status NOT IN ('voided', 'replaced');

CREATE INDEX session_by_end ON session (expires_at);
CREATE INDEX invitation_by_end ON invitation (expires_at);
CREATE INDEX step_up_by_time ON step_up (asked_at);
CREATE INDEX code_try_by_time ON code_try (began_at);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (id, state) ON member TO posswitch_poster;
GRANT SELECT (business_date, state) ON business_day TO posswitch_office;
GRANT SELECT (unit) ON purse TO posswitch_office;
GRANT UPDATE (closing_at, phone_hash, phone_sealed, phone_masked) ON member TO posswitch_office;
GRANT DELETE ON code_try, invitation, once_key, session TO posswitch_office;
GRANT SELECT (closing_at) ON member TO posswitch_reader;
