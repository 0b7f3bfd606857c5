-- One transaction is found by its number, and what was asked of one card is read, in milliseconds,
-- however much history there is; and no index is kept up by a message that posts something.

-- The trail of a card: each journal that moved a purse of it names the one before, and each purse
-- the last that moved it. 0: none. Null: from before trails, found by an index of those alone.
ALTER TABLE journal ADD COLUMN previous_id bigint;
ALTER TABLE journal ALTER COLUMN previous_id SET DEFAULT 0;
ALTER TABLE purse ADD COLUMN last_journal bigint NOT NULL DEFAULT 0;

UPDATE purse SET last_journal = moved.number
FROM (
    SELECT
        shard,
        account_id,
        max(journal_id) AS number
    FROM movement
    GROUP BY shard, account_id
) AS moved
WHERE purse.shard = moved.shard AND purse.account_id = moved.account_id;

INSERT INTO setting (name, value)
SELECT
    'trails_from',
    (max(id) + 1)::text
FROM journal
HAVING max(id) IS NOT NULL;

CREATE INDEX journal_before_trails ON journal (shard, card_id, id) WHERE previous_id IS NULL;

-- What posted nothing, or may have: declines, inquiries, what another message had done already.
CREATE INDEX exchange_unposted ON exchange (id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry'
);
CREATE INDEX exchange_unposted_of_card ON exchange (card_id, id)
WHERE reason NOT IN ('approved', 'posting_pending') OR kind NOT IN (
    'purchase', 'points_redemption', 'points_earn', 'cash_load', 'void', 'refund', 'opening',
    'points_expiry'
);

CREATE INDEX card_by_last_four ON card (issuer_id, right(pan_masked, 4), id);

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (last_journal), INSERT (last_journal), UPDATE (last_journal)
ON purse TO posswitch_poster;
GRANT INSERT (previous_id) ON journal TO posswitch_poster;
GRANT SELECT (last_journal) ON purse TO posswitch_reader;
GRANT SELECT (previous_id) ON journal TO posswitch_reader;
