-- By what a card was activated and when, so that a batch's activations are a list: kept by the few
-- postings that activate one, along an index that no other posting touches. A card that the undoing
-- of it puts back into stock keeps them until it is activated again.

ALTER TABLE card
ADD COLUMN activated_id bigint,
ADD COLUMN activated_at timestamptz,
ADD CONSTRAINT card_activated_whole CHECK ((activated_id IS NULL) = (activated_at IS NULL));

UPDATE card AS c SET
    activated_id = e.id,
    activated_at = e.decided_at
FROM (
    SELECT DISTINCT ON (card_id)
        card_id,
        id,
        decided_at
    FROM exchange
    WHERE kind IN ('card_activation', 'card_bound_activation') AND reason = 'approved'
    ORDER BY card_id ASC, id ASC
) AS e
WHERE c.id = e.card_id;

CREATE INDEX card_activated ON card (part_id, activated_id) WHERE activated_id IS NOT NULL;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT UPDATE (activated_id, activated_at) ON card TO posswitch_poster;
GRANT SELECT (activated_id, activated_at) ON card TO posswitch_reader;
GRANT SELECT (account_id, business_date, balance_minor) ON checkpoint TO posswitch_office;
GRANT SELECT (business_date, completed_at) ON clearing_run TO posswitch_office;
GRANT SELECT (
    shard, journal_id, debit_account, credit_account, amount_minor
) ON entry TO posswitch_office;
GRANT SELECT (
    id, shard, kind, reason, is_tombstone, answer, card_id, terminal_id, business_date, decided_at
) ON exchange TO posswitch_office;
GRANT SELECT (
    shard, id, home, slot, original_id, card_id, merchant_id, terminal_id, amount_minor, unit,
    previous_id, origin, made_by
) ON journal TO posswitch_office;
GRANT SELECT (account_id, last_journal) ON purse TO posswitch_office;
GRANT SELECT (
    shard, original_id, attempt, journal_id, kind, amount_minor, is_moot
) ON undo TO posswitch_office;
