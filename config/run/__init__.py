"""The house at work: PostgreSQL, the host and the switch as processes, and what keeps them up."""
