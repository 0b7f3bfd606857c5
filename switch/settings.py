"""What the switch can be told. Read by `config.settings` from `[switch]` and `[[channels]]`.

Every wait and every buffer has its limit here. Waits nest: the host answers a request well
within `host_seconds_max`, and that is shorter than a terminal's own patience (60 seconds).
"""

from typing import Annotated, Final

import msgspec

from host.link.settings import LinkTlsSettings, check_link
from switch.channels import ChannelSettings, TlsSettings
from switch.issuer_settings import IssuerSettings, check_issuers

__all__ = ["ChannelSettings", "SwitchSettings", "TlsSettings", "check_channels"]

FIRST_LINK_SECONDS_MAX: Final = 2.0
"""How long readiness waits for the host; without it the switch is ready to say 91."""


class SwitchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole switch process."""

    channels: tuple[ChannelSettings, ...] = (ChannelSettings(),)
    processes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    """Switch processes that share every port, each with its own store-and-forward file."""
    issuers: tuple[IssuerSettings, ...] = ()
    """External issuers' hosts, by whose card numbers requests are routed."""
    link: str = "unix:host.sock"
    """Where the host listens: `unix:PATH`, relative to the run directory, or `tls:HOST:PORT` where
    it runs on another machine; that needs `link_tls`."""
    link_tls: LinkTlsSettings | None = None
    """Our certificate at a host on another machine, and whose we take there."""
    host_seconds_max: float = 30.0
    """T1: how long an answer of the host is worth waiting for."""
    find_seconds_max: float = 5.0
    """How long a message waits until the host has told who its terminal is."""
    window_max: int = 8192
    """Requests at the host without an answer; beyond it terminals are told 91 at once."""
    sign_on_window_max: Annotated[int, msgspec.Meta(ge=1)] = 16_384
    """The same of sign-ons, which are counted apart."""
    desk_window_max: Annotated[int, msgspec.Meta(ge=1)] = 2048
    """The same of settlements, uploads, echoes and whatever else no customer waits for. What no
    key proves of them may be a quarter as many, and is counted apart."""
    sign_ons_max: Annotated[int, msgspec.Meta(ge=1)] = 20
    """Sign-ons of one terminal from one address at once; beyond it 91. Each process counts for
    itself, as with the next two."""
    sign_on_seconds: Annotated[float, msgspec.Meta(ge=0)] = 5.0
    """It may have one more each so many seconds. 0: as many as come."""
    unproved_rate: Annotated[float, msgspec.Meta(ge=0)] = 2000.0
    """Messages a second of one address that no key proves: sign-ons, echoes, unproved settlements,
    terminals that are not known yet; fifteen seconds' worth may come at once. 0: no limit."""
    sessions_max: int = 20_000
    """Terminals whose profile and keys are kept in memory; the oldest is forgotten first."""
    session_seconds_max: float = 3600.0
    """Age at which a terminal's profile is asked for again."""
    refetch_seconds_min: float = 5.0
    """A wrong MAC asks for the profile again, but not more often than this."""
    mac_failures_max: Annotated[int, msgspec.Meta(ge=1)] = 3
    """So many wrong MACs in a row for one terminal from one address: its keys are believed no
    longer, and it must sign on. Each process counts for itself."""
    mac_lock_seconds: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    """How long after the last wrong one the keys are believed again all the same."""
    saf: str = "switch-saf.db"
    """The store-and-forward file: reversals the switch owes, and advices of what issuers approved.
    The second process writes `switch-saf-2.db`, and so on."""
    saf_retry_seconds_max: float = 30.0
    """The longest pause between two attempts to deliver what is owed."""
    saf_days_max: float = 7.0
    """Age at which an undelivered message is left to people, by a case report to the host."""
    saf_refusals_max: Annotated[int, msgspec.Meta(ge=1)] = 6
    """The same after so many refusals; an answer that cannot decide now is none."""
    saf_waiting_max: Annotated[int, msgspec.Meta(ge=1)] = 20_000
    """While so much is owed (the host is down), issuers are asked for nothing new: 91."""
    routes: str = "switch-routes.db"
    """What went to external issuers, and what is in flight; shared by all processes. Beside it
    stand `-log` and `-log-mark`, which belong to it: the newest is there."""
    routes_days_max: float = 30.0
    """How long a batch can live: where its exchanges went is remembered for so long."""
    attestations: str = "switch-attestations.db"
    """Which attestations of SoftPOS apps were used; shared by all processes."""
    remember_in_flight: bool = False
    """Note on disk what is asked of our own host before it is sent, and its answer before it is
    told, so that after a kill of the switch nothing waits for a terminal to undo it. Costs two
    synchronous commits of latency. POS terminals reverse by themselves what was not answered:
    for them it buys nothing. What goes to an external issuer is always noted."""
    log_messages: bool = True
    """One log line per message."""
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    """/metrics, /healthz and /readyz over HTTP. Of the first process; the second has the next, and
    so on."""
    metrics_host: str = "127.0.0.1"
    """Where that is listened for: beyond this machine, keep it in a network of your own."""

    def __post_init__(self) -> None:
        check_channels(self.channels)
        check_issuers(self.issuers)
        check_link((self.link,), self.link_tls)


def check_channels(channels: tuple[ChannelSettings, ...]) -> None:
    """Refuse rows that stand in each other's way.

    Raises:
        ValueError: two channels of one name, or on one port.
    """
    names: set[str] = set()
    places: dict[tuple[str, int], str] = {}
    for row in channels:
        if row.name in names:
            raise ValueError(
                f"channels: two are named {row.name}. Next: give each a name of its own"
            )
        names.add(row.name)
        if row.connect_to is None and row.port:
            other = places.setdefault((row.host, row.port), row.name)
            if other != row.name:
                raise ValueError(
                    f"channels: {other} and {row.name} both listen on {row.host}:{row.port}. "
                    "Next: give one of them another port"
                )
