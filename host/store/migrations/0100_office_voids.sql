-- What the office voids counts in the batch of what was sold, and is of none that was settled.

-- Rights: see host.store.rights. ---------------------------------------------------------------

GRANT SELECT (epoch, marks, is_proved) ON terminal_batch TO posswitch_office;
GRANT SELECT (seal) ON journal TO posswitch_night;
