-- A payment that the bank has sent back: the merchant's claim stands again, and is paid again by
-- another payout.

-- Lines of bank statements that say that a payment came back, and why.
CREATE TABLE recon_return (
    file_id bigint NOT NULL,
    line integer NOT NULL,
    reason text NOT NULL CONSTRAINT recon_return_reason CHECK (reason <> ''),
    CONSTRAINT recon_return_once PRIMARY KEY (file_id, line),
    CONSTRAINT recon_return_of FOREIGN KEY (file_id, line) REFERENCES recon_line
);

-- Which payout came back, whole, by which of these lines: once.
CREATE TABLE payout_return (
    payout_id bigint NOT NULL CONSTRAINT payout_return_once PRIMARY KEY,
    file_id bigint NOT NULL,
    line integer NOT NULL,
    CONSTRAINT payout_return_of FOREIGN KEY (payout_id) REFERENCES payout,
    CONSTRAINT payout_return_by UNIQUE (file_id, line),
    CONSTRAINT payout_return_told FOREIGN KEY (file_id, line) REFERENCES recon_return
);

-- What came back is a part of another payout, once; that may come back in its turn.
CREATE TABLE payout_again (
    returned_id bigint NOT NULL CONSTRAINT payout_again_once PRIMARY KEY,
    payout_id bigint NOT NULL CONSTRAINT payout_again_in REFERENCES payout,
    CONSTRAINT payout_again_of FOREIGN KEY (returned_id) REFERENCES payout_return,
    CONSTRAINT payout_again_later CHECK (payout_id > returned_id)
);
CREATE INDEX payout_again_in_payout ON payout_again (payout_id, returned_id);

-- A line of a bank names a payout by this.
CREATE INDEX payout_named ON payout (end_to_end_id, unit);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON recon_return, payout_return, payout_again TO posswitch_office;
GRANT SELECT ON recon_return, payout_return, payout_again TO posswitch_auditor;
GRANT SELECT (file_id, line, reason) ON recon_return TO posswitch_reader;
GRANT SELECT (payout_id, file_id, line) ON payout_return TO posswitch_reader;
GRANT SELECT (returned_id, payout_id) ON payout_again TO posswitch_reader;
