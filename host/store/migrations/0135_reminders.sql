-- Who has not redeemed what an enterprise gave them is reminded: by hand, and by the clock.

CREATE TABLE reminder (
    enterprise_id integer NOT NULL CONSTRAINT reminder_of REFERENCES enterprise,
    trigger text NOT NULL CONSTRAINT reminder_trigger
    CHECK (trigger IN ('after_issue', 'before_expiry')),
    days integer NOT NULL CONSTRAINT reminder_days CHECK (days BETWEEN 1 AND 366),
    state text NOT NULL CONSTRAINT reminder_state CHECK (state IN ('on', 'off')),
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL,
    CONSTRAINT reminder_once PRIMARY KEY (enterprise_id, trigger, days)
);

-- One text: about which voucher, and on what occasion, of which there is one each.
CREATE TABLE staff_reminder (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT staff_reminder_numbered PRIMARY KEY,
    enterprise_id integer NOT NULL,
    issue_id bigint NOT NULL,
    place integer NOT NULL,
    occasion text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CONSTRAINT staff_reminder_state
    CHECK (state IN ('queued', 'sent', 'dropped', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    sent_at timestamptz,
    CONSTRAINT staff_reminder_once UNIQUE (issue_id, place, occasion),
    CONSTRAINT staff_reminder_about FOREIGN KEY (issue_id, place) REFERENCES staff_voucher
);
CREATE INDEX staff_reminder_of_enterprise ON staff_reminder (enterprise_id, id);
CREATE INDEX staff_reminder_due ON staff_reminder (next_at) WHERE state = 'queued';

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON reminder, staff_reminder TO posswitch_office;
GRANT INSERT (
    enterprise_id, trigger, days, state, saved_by, saved_at
) ON reminder TO posswitch_office;
GRANT UPDATE (state, saved_by, saved_at) ON reminder TO posswitch_office;
GRANT INSERT (
    enterprise_id, issue_id, place, occasion, next_at, made_at
) ON staff_reminder TO posswitch_office;
GRANT UPDATE (state, attempts, next_at, sent_at) ON staff_reminder TO posswitch_office;
GRANT SELECT ON reminder, staff_reminder TO posswitch_auditor;
GRANT SELECT (
    enterprise_id, trigger, days, state, saved_by, saved_at
) ON reminder TO posswitch_reader;
GRANT SELECT (
    id, enterprise_id, issue_id, place, occasion, state, attempts, next_at, made_at, sent_at
) ON staff_reminder TO posswitch_reader;
