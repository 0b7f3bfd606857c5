-- What people set of the office's own: a row each, by its name; nobody has set one yet.

CREATE TABLE office_setting (
    name text CONSTRAINT office_setting_once PRIMARY KEY,
    value bigint NOT NULL CHECK (value >= 0),
    since timestamptz,
    set_by text,
    CONSTRAINT office_setting_set CHECK ((since IS NULL) = (set_by IS NULL))
);
INSERT INTO office_setting (name, value) VALUES
('approval_hours', 72),
('invitation_hours', 24),
('reveals_a_day_max', 20);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT ON office_setting TO posswitch_office;
GRANT UPDATE (value, since, set_by) ON office_setting TO posswitch_office;
GRANT SELECT (name, value, since, set_by) ON office_setting TO posswitch_reader;
GRANT SELECT ON office_setting TO posswitch_auditor;
