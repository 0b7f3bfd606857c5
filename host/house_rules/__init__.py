"""The house's own rules: rows that limit and deny, decided by pure code over a message's facts."""
