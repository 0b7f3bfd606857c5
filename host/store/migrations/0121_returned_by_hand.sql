-- A payment that came back and of which no line of a bank's statement says so, or none says why:
-- two people of finance say it.

ALTER TABLE payout_return
ALTER COLUMN file_id DROP NOT NULL,
ALTER COLUMN line DROP NOT NULL,
ADD CONSTRAINT payout_return_whole CHECK (num_nonnulls(file_id, line) IN (0, 2));

CREATE TABLE payout_return_said (
    payout_id bigint NOT NULL CONSTRAINT payout_return_said_once PRIMARY KEY,
    reason text NOT NULL CONSTRAINT payout_return_said_reason CHECK (reason <> ''),
    -- The difference that the bank's line was.
    item_id bigint CONSTRAINT payout_return_said_by UNIQUE,
    said_by text NOT NULL CONSTRAINT payout_return_said_who CHECK (said_by <> ''),
    agreed_by text NOT NULL CONSTRAINT payout_return_said_agreed
    CHECK (agreed_by <> '' AND agreed_by <> said_by),
    said_at timestamptz NOT NULL,
    CONSTRAINT payout_return_said_of FOREIGN KEY (payout_id) REFERENCES payout_return,
    CONSTRAINT payout_return_said_item FOREIGN KEY (item_id) REFERENCES recon_item
);

ALTER TABLE recon_item
DROP CONSTRAINT recon_item_answer,
ADD CONSTRAINT recon_item_answer
CHECK (answer IN ('match', 'posted', 'write_off', 'came_late', 'returned'));

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON payout_return_said TO posswitch_office;
GRANT UPDATE (file_id, line) ON payout_return TO posswitch_office;
GRANT SELECT ON payout_return_said TO posswitch_auditor;
GRANT SELECT (payout_id, reason, item_id, said_by, agreed_by, said_at) ON payout_return_said
TO posswitch_reader;
