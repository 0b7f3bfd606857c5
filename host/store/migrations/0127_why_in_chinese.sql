-- Why a job has failed, for who reads Chinese: what was refused has its own words in both.

ALTER TABLE job ADD COLUMN error_zh text NOT NULL DEFAULT '';

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (error_zh) ON job TO posswitch_office;
GRANT SELECT (error_zh) ON job TO posswitch_reader;
