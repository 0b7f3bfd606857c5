-- Who made an exchange: a terminal, a person at the office, a member, the clock or the night.
-- Its key says it, and that is under the seal: nothing is stored twice, and no seal is touched.

ALTER TABLE exchange ALTER COLUMN terminal_id DROP NOT NULL;
ALTER TABLE journal
ALTER COLUMN terminal_id DROP NOT NULL,
ALTER COLUMN merchant_id DROP NOT NULL;

-- What no terminal asked had a word in its place, and merchant 0.
UPDATE exchange SET terminal_id = NULL
WHERE slot >= 'estate/' AND slot < 'estate0' OR slot >= 'house/' AND slot < 'house0';
UPDATE journal SET
    terminal_id = NULL,
    merchant_id = NULL
WHERE slot >= 'estate/' AND slot < 'estate0' OR slot >= 'house/' AND slot < 'house0';

ALTER TABLE exchange
ADD COLUMN origin text COLLATE "C" GENERATED ALWAYS AS (
    CASE split_part(slot, '/', 1)
        WHEN 'office' THEN 'office'
        WHEN 'estate' THEN 'office'
        WHEN 'member' THEN 'member'
        WHEN 'clock' THEN 'clock'
        WHEN 'house' THEN 'clock'
        WHEN 'night' THEN 'night'
        ELSE 'terminal'
    END
) VIRTUAL,
ADD COLUMN made_by text COLLATE "C" GENERATED ALWAYS AS (
    CASE split_part(slot, '/', 1)
        WHEN 'office' THEN split_part(slot, '/', 2)
        WHEN 'estate' THEN 'estate'
        WHEN 'member' THEN split_part(slot, '/', 2)
        WHEN 'clock' THEN split_part(slot, '/', 2)
        WHEN 'house' THEN 'points_expiry'
        WHEN 'night' THEN split_part(slot, '/', 2)
    END
) VIRTUAL;

ALTER TABLE journal
ADD COLUMN origin text COLLATE "C" GENERATED ALWAYS AS (
    CASE split_part(slot, '/', 1)
        WHEN 'office' THEN 'office'
        WHEN 'estate' THEN 'office'
        WHEN 'member' THEN 'member'
        WHEN 'clock' THEN 'clock'
        WHEN 'house' THEN 'clock'
        WHEN 'night' THEN 'night'
        ELSE 'terminal'
    END
) VIRTUAL,
ADD COLUMN made_by text COLLATE "C" GENERATED ALWAYS AS (
    CASE split_part(slot, '/', 1)
        WHEN 'office' THEN split_part(slot, '/', 2)
        WHEN 'estate' THEN 'estate'
        WHEN 'member' THEN split_part(slot, '/', 2)
        WHEN 'clock' THEN split_part(slot, '/', 2)
        WHEN 'house' THEN 'points_expiry'
        WHEN 'night' THEN split_part(slot, '/', 2)
    END
) VIRTUAL;

-- Looked at only where there is no terminal: trade pays nothing for it.
ALTER TABLE exchange ADD CONSTRAINT exchange_made_by_somebody CHECK (
    terminal_id IS NOT NULL
    OR split_part(slot, '/', 1) IN ('office', 'member', 'clock', 'night', 'estate', 'house')
);
ALTER TABLE journal
ADD CONSTRAINT journal_made_by_somebody CHECK (
    terminal_id IS NOT NULL
    OR split_part(slot, '/', 1) IN ('office', 'member', 'clock', 'night', 'estate', 'house')
),
ADD CONSTRAINT journal_terminal_is_a_merchants CHECK (
    terminal_id IS NULL OR merchant_id IS NOT NULL
);

REVOKE INSERT ON exchange, journal FROM posswitch_poster;
GRANT INSERT (
    home, slot, id, shard, seal, kind, fingerprint, reason, is_tombstone, answer, card_id,
    terminal_id, business_date, decided_at
) ON exchange TO posswitch_poster;
GRANT INSERT (
    shard, id, seal, home, slot, kind, original_id, card_id, issuer_id, merchant_id,
    terminal_id, amount_minor, unit, business_date
) ON journal TO posswitch_poster;
GRANT SELECT (origin, made_by) ON exchange, journal TO posswitch_reader;
