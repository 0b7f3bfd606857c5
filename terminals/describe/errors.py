"""What was given is no message, or none that can be read."""


class UnreadableError(ValueError):
    """Says what was given, why nothing can be made of it, and what to give instead."""

    exit_status = 2
    """Of a command that was given it: nothing was begun."""
