"""What tells one process from the others that run the same program with the same settings."""

import msgspec

from switch.settings import FIRST_LINK_SECONDS_MAX


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What a switch process is told beside its settings."""

    number: int = 1
    """Which of the switch processes it is."""
    file: str | None = None
    """The settings file to read again; None: the data directory's own."""
    port: int | None = None
    """Of the first channel, whatever the file says."""
    first_link_seconds_max: float = FIRST_LINK_SECONDS_MAX
    """So long its readiness waits for a host; longer where the host is started with it."""
