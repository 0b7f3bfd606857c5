-- The night notes what it leaves of a date together: positions, charges, files, findings.

GRANT INSERT (keys, digests) ON change TO posswitch_night;
