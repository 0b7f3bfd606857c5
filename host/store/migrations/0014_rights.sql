-- Who looks sees no secret, who posts ends no master key, and who audits reads everything.

-- What people are shown of cards and keys; PIN values, card numbers and key blocks are not.
REVOKE SELECT ON card, terminal_key FROM posswitch_reader;
GRANT SELECT (
    shard, id, issuer_id, status, expiry, pin_failures, pan_masked, value_account, points_account
) ON card TO posswitch_reader;
GRANT SELECT (
    terminal_id, usage, generation, check_value, stored_at, entered_by
) ON terminal_key TO posswitch_reader;

-- The poster mints and drops working keys alone.
ALTER TABLE terminal_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY terminal_key_seen ON terminal_key FOR SELECT USING (true);
CREATE POLICY terminal_key_minted ON terminal_key FOR INSERT TO posswitch_poster
WITH CHECK (usage IN ('pik', 'mak', 'tdk'));
CREATE POLICY terminal_key_dropped ON terminal_key FOR DELETE TO posswitch_poster
USING (usage IN ('pik', 'mak', 'tdk'));

-- The auditor changes nothing; what is secret in a row is under the LMK, which it has not.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO posswitch_auditor;
GRANT SELECT ON SEQUENCE change_number TO posswitch_auditor;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO posswitch_auditor;
