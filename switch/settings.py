"""What the switch can be told. Read by `config.settings` from `[switch]` and `[[channels]]`.

Every wait and every buffer has its limit here. Waits nest: the host answers a request well
within `host_seconds_max`, and that is shorter than a terminal's own patience (60 seconds).
"""

import msgspec


class ChannelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One listening port and the dialect spoken there."""

    name: str = "pos"
    dialect: str = "pos"
    host: str = "127.0.0.1"
    port: int = 8583
    """0 takes any free port; the port taken is told when the switch is ready."""
    length_codec: str = "be2"
    keep_alive: bool = True
    """A frame of length zero is a sign of life; False: it is a framing error."""
    frame_bytes_min: int = 21
    frame_bytes_max: int = 4096
    frame_seconds_max: float = 10.0
    """From the first byte of a frame to its last."""
    idle_seconds_max: float = 600.0
    """Silence after which a connection is closed."""
    connections_max: int = 10_000
    unanswered_max: int = 1024
    """Messages of one connection waiting for their answers; beyond it nothing more is read."""
    outbox_bytes_max: int = 256 * 1024
    """Answers a peer does not read; beyond it the connection is closed."""
    reuse_port: bool = False
    """Let several switch processes share the port (SO_REUSEPORT)."""


class SwitchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole switch process."""

    channels: tuple[ChannelSettings, ...] = (ChannelSettings(),)
    link: str = "unix:host.sock"
    """Where the host listens: `unix:PATH` or `tcp:127.0.0.1:PORT`."""
    host_seconds_max: float = 30.0
    """T1: how long an answer of the host is worth waiting for."""
    find_seconds_max: float = 5.0
    """How long a message waits until the host has told who its terminal is."""
    window_max: int = 8192
    """Requests at the host without an answer; beyond it terminals are told 91 at once."""
    sessions_max: int = 20_000
    session_seconds_max: float = 3600.0
    """Age at which a terminal's profile is asked for again."""
    refetch_seconds_min: float = 5.0
    """A wrong MAC asks for the profile again, but not more often than this."""
    saf: str = "switch-saf.db"
    """The store-and-forward file: reversals the switch owes the host."""
    saf_retry_seconds_max: float = 30.0
    saf_days_max: float = 7.0
    """Age at which an undelivered reversal is left to people."""
    log_messages: bool = True
    """One log line per message."""
    metrics_port: int | None = None
