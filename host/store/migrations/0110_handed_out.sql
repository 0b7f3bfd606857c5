-- When the files of a date were handed out, so that who waits for one sees that it is there; and
-- files are found by whose they are.

CREATE TABLE clearing_handed_out (
    business_date date NOT NULL CONSTRAINT handed_out_of_release REFERENCES clearing_release,
    handed_out_at timestamptz NOT NULL,
    CONSTRAINT handed_out_once PRIMARY KEY (business_date)
);
CREATE INDEX clearing_file_of_party ON clearing_file (party, business_date, name);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT, INSERT ON clearing_handed_out TO posswitch_night;
GRANT SELECT ON clearing_handed_out TO posswitch_office, posswitch_auditor;
GRANT SELECT (business_date, handed_out_at) ON clearing_handed_out TO posswitch_reader;
GRANT SELECT (name, party, sha256) ON clearing_file TO posswitch_office;
