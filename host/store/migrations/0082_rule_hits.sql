-- How often a rule was hit today, and refused: read along an index, as far as anybody counts.
CREATE INDEX rule_told_of ON rule_told (rule_id, outcome, exchange_id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (rule_id, outcome, exchange_id) ON rule_told TO posswitch_office;
