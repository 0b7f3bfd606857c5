-- A host asks for the office, too, whether the schema is the one that it knows.
GRANT SELECT (number) ON schema_migration TO posswitch_office;
