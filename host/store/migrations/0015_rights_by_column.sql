-- Each role may do what the statements of its programs do, column by column, and nothing else.
-- host.store.rights is the same as a table; tests hold both against the statements.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM posswitch_poster, posswitch_night, posswitch_reader;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public
FROM posswitch_poster, posswitch_night, posswitch_reader;
GRANT USAGE ON SEQUENCE change_number TO posswitch_poster, posswitch_night;

-- The host. ---------------------------------------------------------------------------------

GRANT SELECT (
    id, chart, unit, issuer_id, merchant_id, card_id
) ON TABLE account TO posswitch_poster;
GRANT SELECT (shard, account_id, posted_minor, held_minor) ON balance TO posswitch_poster;
GRANT UPDATE (posted_minor) ON balance TO posswitch_poster;
GRANT SELECT (business_date, state) ON business_day TO posswitch_poster;
GRANT UPDATE (pin_failures) ON card TO posswitch_poster;
GRANT INSERT (relation, key, digest) ON change TO posswitch_poster;
GRANT SELECT (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit
) ON entry TO posswitch_poster;
GRANT INSERT (
    kind, terminal_id, epoch, stan, detail, amount_minor, unit, times, opened_at, seen_at
) ON exception_case TO posswitch_poster;
GRANT UPDATE (times, seen_at, resolved_at, resolved_by, note) ON exception_case TO posswitch_poster;
GRANT SELECT (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer,
    business_date, decided_at
) ON exchange TO posswitch_poster;
GRANT SELECT (
    id, institution_id, pan_prefix, currency, amount_minor_max, balance_minor_max,
    pin_tries_max, is_active
) ON issuer TO posswitch_poster;
GRANT SELECT (
    shard, id, seal, slot, kind, original_id, card_id, issuer_id, merchant_id, terminal_id,
    amount_minor, unit
) ON journal TO posswitch_poster;
GRANT SELECT (terminal_id, through_generation, asked_as) ON key_rotation TO posswitch_poster;
GRANT INSERT (
    shard, account_id, id, earned_on, expires_on, points, remaining
) ON lot TO posswitch_poster;
GRANT UPDATE (remaining, written_off) ON lot TO posswitch_poster;
GRANT UPDATE (next_number) ON number_block TO posswitch_poster;
GRANT SELECT (
    code, issuer_id, earn_points, earn_per_minor, redemption_points_min, lot_months,
    debt_is_allowed
) ON programme TO posswitch_poster;
GRANT SELECT (number) ON schema_migration TO posswitch_poster;
GRANT SELECT (shard, seq, digest) ON seal TO posswitch_poster;
GRANT SELECT (id, merchant_id) ON store TO posswitch_poster;
GRANT UPDATE (epoch, serial, key_generation) ON terminal TO posswitch_poster;
GRANT UPDATE (
    state, attempt, business_date, told, counted, answer, end_answer, settled_at, closed_at,
    marks, is_proved
) ON terminal_batch TO posswitch_poster;
GRANT UPDATE (counter, slot) ON terminal_counter TO posswitch_poster;
GRANT INSERT (
    terminal_id, usage, generation, check_value, block
) ON terminal_key TO posswitch_poster;
GRANT DELETE ON terminal_key TO posswitch_poster;
GRANT UPDATE (status, reported_at) ON terminal_status TO posswitch_poster;
GRANT SELECT (name, block) ON zone_key TO posswitch_poster;
GRANT SELECT ON acceptance, advice, card, case_report, change, change_link, exception_case, lot,
lot_use, merchant, number_block, points_expiry, setting, signed_head, terminal, terminal_batch,
terminal_counter, terminal_key, terminal_status, undo, upload_record TO posswitch_poster;
GRANT INSERT ON advice, case_report, change_link, entry, exchange, journal, lot_use, number_block,
points_expiry, seal, signed_head, terminal_batch, terminal_counter, terminal_status, undo,
upload_record TO posswitch_poster;

-- The night, and the desk. -------------------------------------------------------------------

GRANT SELECT (id, shard, chart, unit, issuer_id, merchant_id) ON TABLE account TO posswitch_night;
GRANT SELECT (shard, journal_id, reference, pan_masked) ON advice TO posswitch_night;
GRANT SELECT (shard, account_id, posted_minor) ON balance TO posswitch_night;
GRANT INSERT (business_date, state, opened_at) ON business_day TO posswitch_night;
GRANT UPDATE (state, closed_at) ON business_day TO posswitch_night;
GRANT SELECT (id, pan_masked) ON card TO posswitch_night;
GRANT INSERT (relation, key, digest) ON change TO posswitch_night;
GRANT INSERT (business_date, started_at) ON clearing_run TO posswitch_night;
GRANT UPDATE (completed_at) ON clearing_run TO posswitch_night;
GRANT SELECT (shard, journal_id, business_date) ON entry TO posswitch_night;
GRANT UPDATE (resolved_at, resolved_by, note) ON exception_case TO posswitch_night;
GRANT SELECT (home, slot, id, shard, seal, decided_at) ON exchange TO posswitch_night;
GRANT SELECT (id, institution_id, is_active) ON issuer TO posswitch_night;
GRANT SELECT (
    shard, id, slot, kind, original_id, card_id, terminal_id, amount_minor, unit
) ON journal TO posswitch_night;
GRANT SELECT (
    shard, journal_id, account_id, amount_minor, business_date
) ON movement TO posswitch_night;
GRANT SELECT (number) ON schema_migration TO posswitch_night;
GRANT SELECT (shard, seq, digest, business_date) ON seal TO posswitch_night;
GRANT SELECT (id, merchant_id) ON store TO posswitch_night;
GRANT SELECT (
    terminal_id, store_id, is_active, epoch, serial, settles_points
) ON terminal TO posswitch_night;
GRANT SELECT (terminal_id, usage, generation, check_value) ON terminal_key TO posswitch_night;
GRANT SELECT (shard, original_id, journal_id, kind) ON undo TO posswitch_night;
GRANT SELECT ON business_day, change, change_link, checkpoint, checkpoint_seal, clearing_file,
clearing_run, clearing_step, exception_case, merchant, position, setting, signed_head,
terminal_batch, terminal_status, trial_balance TO posswitch_night;
GRANT INSERT ON change_link, checkpoint, checkpoint_seal, clearing_file, clearing_step, position,
signed_head, trial_balance TO posswitch_night;

-- Who looks: a column that is not named here is not seen. -------------------------------------

GRANT SELECT (merchant_id, issuer_id) ON acceptance TO posswitch_reader;
GRANT SELECT (
    id, shard, chart, unit, issuer_id, merchant_id, card_id
) ON TABLE account TO posswitch_reader;
GRANT SELECT (shard, journal_id, reference, auth_code, pan_masked) ON advice TO posswitch_reader;
GRANT SELECT (
    shard, account_id, posted_minor, held_minor, floor_minor
) ON balance TO posswitch_reader;
GRANT SELECT (business_date, state, opened_at, closed_at) ON business_day TO posswitch_reader;
GRANT SELECT (
    shard, id, issuer_id, status, expiry, pin_failures, pan_masked, value_account,
    points_account
) ON card TO posswitch_reader;
GRANT SELECT (slot, detail, reported_at) ON case_report TO posswitch_reader;
GRANT SELECT (id, relation, digest, made_at, made_by) ON change TO posswitch_reader;
GRANT SELECT (
    seq, previous, digest, first_change, last_change, changes, linked_at
) ON change_link TO posswitch_reader;
GRANT SELECT (account_id, business_date, balance_minor) ON checkpoint TO posswitch_reader;
GRANT SELECT (business_date, shard, seq, digest) ON checkpoint_seal TO posswitch_reader;
GRANT SELECT (business_date, name, side, party, items, sha256) ON clearing_file TO posswitch_reader;
GRANT SELECT (business_date, started_at, completed_at) ON clearing_run TO posswitch_reader;
GRANT SELECT (business_date, step, finished_at, detail) ON clearing_step TO posswitch_reader;
GRANT SELECT (
    business_date, merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor
) ON day_position TO posswitch_reader;
GRANT SELECT (
    business_date, chart, unit, debit_minor, credit_minor
) ON day_turnover TO posswitch_reader;
GRANT SELECT (
    shard, journal_id, leg, debit_account, credit_account, amount_minor, unit, business_date
) ON entry TO posswitch_reader;
GRANT SELECT (
    id, kind, terminal_id, epoch, stan, detail, amount_minor, unit, times, opened_at, seen_at,
    resolved_at, resolved_by, note
) ON exception_case TO posswitch_reader;
GRANT SELECT (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
) ON exchange TO posswitch_reader;
GRANT SELECT (
    id, institution_id, name, pan_prefix, currency, amount_minor_max, balance_minor_max,
    pin_tries_max, is_active
) ON issuer TO posswitch_reader;
GRANT SELECT (
    shard, id, seal, home, slot, kind, original_id, card_id, issuer_id, merchant_id,
    terminal_id, amount_minor, unit, business_date
) ON journal TO posswitch_reader;
GRANT SELECT (
    terminal_id, through_generation, asked_by, asked_at, asked_as
) ON key_rotation TO posswitch_reader;
GRANT SELECT (
    shard, account_id, id, earned_on, expires_on, points, remaining, written_off
) ON lot TO posswitch_reader;
GRANT SELECT (shard, journal_id, account_id, lot_id, points) ON lot_use TO posswitch_reader;
GRANT SELECT (id, merchant_id, name, is_active) ON merchant TO posswitch_reader;
GRANT SELECT (
    shard, journal_id, leg, account_id, amount_minor, unit, business_date
) ON movement TO posswitch_reader;
GRANT SELECT (business_date, next_number) ON number_block TO posswitch_reader;
GRANT SELECT (business_date, postings, finished_at) ON points_expiry TO posswitch_reader;
GRANT SELECT (
    business_date, merchant_id, issuer_id, unit, chart, entries, debit_minor, credit_minor
) ON position TO posswitch_reader;
GRANT SELECT (
    code, issuer_id, name, earn_points, earn_per_minor, redemption_points_min, lot_months,
    debt_is_allowed
) ON programme TO posswitch_reader;
GRANT SELECT (number, name, checksum, applied_at) ON schema_migration TO posswitch_reader;
GRANT SELECT (
    shard, seq, previous, digest, items, business_date, sealed_at, form
) ON seal TO posswitch_reader;
GRANT SELECT (name, value) ON setting TO posswitch_reader;
GRANT SELECT (number, body, signature) ON signed_head TO posswitch_reader;
GRANT SELECT (id, merchant_id, name) ON store TO posswitch_reader;
GRANT SELECT (
    terminal_id, store_id, is_active, epoch, mac_algorithm, serial, key_generation,
    settles_points, family
) ON terminal TO posswitch_reader;
GRANT SELECT (
    institution, terminal_id, epoch, state, attempt, with_points, business_date, told, counted,
    answer, end_answer, settled_at, closed_at, marks, is_proved
) ON terminal_batch TO posswitch_reader;
GRANT SELECT (terminal_id, key_id, counter, slot) ON terminal_counter TO posswitch_reader;
GRANT SELECT (
    terminal_id, usage, generation, check_value, stored_at, entered_by
) ON terminal_key TO posswitch_reader;
GRANT SELECT (terminal_id, status, reported_at) ON terminal_status TO posswitch_reader;
GRANT SELECT (
    business_date, chart, unit, debit_minor, credit_minor
) ON trial_balance TO posswitch_reader;
GRANT SELECT (
    shard, original_id, attempt, journal_id, kind, amount_minor, is_moot
) ON undo TO posswitch_reader;
GRANT SELECT (
    institution, terminal_id, epoch, attempt, stan, amount_minor, pan_masked, is_foreign, kind
) ON upload_record TO posswitch_reader;
