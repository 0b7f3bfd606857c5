-- Who made an exchange is told as before, in fewer words: PostgreSQL reads a table's checks, and
-- with each of them its computed columns, anew for every statement that puts rows in.

-- No computed column changes under a check.
ALTER TABLE exchange DROP CONSTRAINT exchange_made_by_somebody;
ALTER TABLE journal
DROP CONSTRAINT journal_made_by_somebody,
DROP CONSTRAINT journal_terminal_is_a_merchants;

ALTER TABLE exchange
ALTER COLUMN origin SET EXPRESSION AS (
    CASE
        WHEN slot ~ '^(office|estate)(/|$)' THEN 'office'
        WHEN slot ~ '^(clock|house)(/|$)' THEN 'clock'
        WHEN slot ~ '^(member|night)(/|$)' THEN split_part(slot, '/', 1)
        ELSE 'terminal'
    END
),
ALTER COLUMN made_by SET EXPRESSION AS (
    CASE
        WHEN slot ~ '^(office|member|clock|night)(/|$)' THEN split_part(slot, '/', 2)
        WHEN slot ~ '^estate(/|$)' THEN 'estate'
        WHEN slot ~ '^house(/|$)' THEN 'points_expiry'
    END
);

ALTER TABLE journal
ALTER COLUMN origin SET EXPRESSION AS (
    CASE
        WHEN slot ~ '^(office|estate)(/|$)' THEN 'office'
        WHEN slot ~ '^(clock|house)(/|$)' THEN 'clock'
        WHEN slot ~ '^(member|night)(/|$)' THEN split_part(slot, '/', 1)
        ELSE 'terminal'
    END
),
ALTER COLUMN made_by SET EXPRESSION AS (
    CASE
        WHEN slot ~ '^(office|member|clock|night)(/|$)' THEN split_part(slot, '/', 2)
        WHEN slot ~ '^estate(/|$)' THEN 'estate'
        WHEN slot ~ '^house(/|$)' THEN 'points_expiry'
    END
);

ALTER TABLE exchange ADD CONSTRAINT exchange_made_by_somebody CHECK (
    terminal_id IS NOT NULL OR slot ~ '^(office|member|clock|night|estate|house)(/|$)'
);
ALTER TABLE journal
ADD CONSTRAINT journal_made_by_somebody CHECK (
    terminal_id IS NOT NULL OR slot ~ '^(office|member|clock|night|estate|house)(/|$)'
),
ADD CONSTRAINT journal_terminal_is_a_merchants CHECK (
    terminal_id IS NULL OR merchant_id IS NOT NULL
);
