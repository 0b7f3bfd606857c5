-- Batches of terminals are seen by who trades at them: those of a date, and the last of a terminal.

CREATE INDEX terminal_batch_of_day ON terminal_batch (
    business_date, terminal_id, institution, epoch
);
CREATE INDEX terminal_batch_in_order ON terminal_batch (
    terminal_id, settled_at, institution, epoch
);
DROP INDEX terminal_batch_of_terminal;

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (told, counted, business_date, settled_at, closed_at)
ON terminal_batch TO posswitch_office;
