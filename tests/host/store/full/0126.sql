-- A case that is open, and a difference that nobody has answered.

INSERT INTO exception_case (
    kind, terminal_id, epoch, stan, detail, amount_minor, unit, opened_at, seen_at
) SELECT 'totals_differ', terminal_id, '000123', '', '', 123, 'CNY', now(), now()
FROM terminal
ORDER BY terminal_id
LIMIT 1;
