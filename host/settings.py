"""What the host can be told. Read by `config.settings` from the `[host]` table."""

import ipaddress
import zoneinfo
from typing import Annotated, Final

import msgspec

from host.link.settings import LinkTlsSettings, check_link
from host.sms import opened_sms

ROUND_TRIP_MARGIN_SECONDS: Final = 3.0
"""From the moment a server should have ended a statement to the moment we end the connection."""

SOME_ZONE: Final = "write one such as Asia/Shanghai"
Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
"""A wait that ends: none has no limit, which is what PostgreSQL takes 0 for."""


class HsmSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PKCS#11 device that holds the LMK. Without a module, the LMK is a file of ours."""

    module: str | None = None
    """The device's library, such as /usr/lib/softhsm/libsofthsm2.so."""
    device: str = "posswitch"
    """The label of the token in it."""
    lmk: str = "posswitch-lmk"
    """The label of the AES-256 key in it that is the LMK."""
    pin: str = "env:POSSWITCH_HSM_PIN"
    """The token's user PIN: where it is read from, as `env:NAME`."""


class HostSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits and places of the accounting host. Every wait has a limit, and they nest."""

    link: str = "unix:host.sock"
    """Where the switch finds us: `unix:PATH`, relative to the run directory, or `tls:HOST:PORT`
    where it runs on another machine; that needs `link_tls`."""
    link_also: tuple[str, ...] = ()
    """More such places, as `tls:HOST:PORT` for switches elsewhere beside the one here."""
    link_tls: LinkTlsSettings | None = None
    """Our certificate at the `tls:` places, and whose we take there."""
    writers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    """Writer connections; each owns a disjoint set of shards."""
    batch_items_max: Count = 512
    """Requests that a writer commits in one transaction at most."""
    gather_ms: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 5.0
    """How long a writer waits for more, in milliseconds, where several terminals trade at once and
    few messages wait: what a batch costs is shared then. 0: never."""
    waiting_items_max: Count = 20_000
    """Requests queued for the writers beyond which the host answers that it is unreachable."""
    sign_ons_waiting_max: Count = 20_000
    """Sign-ons waiting, beyond which they alone are answered so."""
    desk_waiting_max: Count = 2_000
    """The same of settlements, uploads, reports and whatever else no customer waits for. What no
    key proves of them may be a quarter as many, and is counted apart."""
    desk_connections: Count = 2
    """How many of those are served at a time."""
    terminal_waiting_max: Count = 8
    """Requests of one terminal waiting behind each other."""
    lock_seconds_max: Seconds = 2.0
    """How long a statement waits for a lock (`lock_timeout`)."""
    statement_seconds_max: Seconds = 5.0
    """How long a statement may run (`statement_timeout`)."""
    connect_seconds_max: Seconds = 5.0
    """How long PostgreSQL may take to let the host in."""
    round_trip_seconds_max: Seconds | None = None
    """How long the host waits for an answer of PostgreSQL before it closes the connection: a server
    that is frozen ends no wait by itself. Unset: three seconds beyond `statement_seconds_max`."""
    timezone: str = "Asia/Shanghai"
    """The acquirer's zone: F12 and F13 are its local time."""
    acquirer_id: str = "48882900"
    """F32 of every answer: who we are, up to 11 digits."""
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    """/metrics, /healthz and /readyz over HTTP."""
    metrics_host: str = "127.0.0.1"
    """Where that is listened for: beyond this machine, keep it in a network of your own."""
    hsm: HsmSettings = HsmSettings()
    webhook_networks: tuple[str, ...] = ()
    """Networks of your own that programs may be told at, as 10.1.0.0/16, and by http, too: others
    that are not public are refused, whatever a name leads to."""
    webhook_ca: str | None = None
    """Certificates of authorities, as PEM, by which programs that are told are known; not said:
    those of the machine."""
    sms: str = "console"
    """What brings texts with codes to the phones of members: `console` and `file:NAME` simulate
    it, the file in the data directory."""
    member_link: str = "http://127.0.0.1:8688/me"
    """Where a text leads a member: their page, as others reach the web front."""

    def __post_init__(self) -> None:
        for network in self.webhook_networks:
            _check_network(network)
        check_link((self.link, *self.link_also), self.link_tls)
        opened_sms(self.sms)
        _check_zone(self.timezone)
        if self.round_trip_seconds <= self.statement_seconds_max:
            raise ValueError(
                f"round_trip_seconds_max: {self.round_trip_seconds:g} must be longer than"
                f" statement_seconds_max ({self.statement_seconds_max:g}), by which the server ends"
                " a statement itself. Next: raise the first, or leave it out"
            )

    @property
    def round_trip_seconds(self) -> float:
        """How long an answer of PostgreSQL is waited for."""
        if self.round_trip_seconds_max is None:
            return self.statement_seconds_max + ROUND_TRIP_MARGIN_SECONDS
        return self.round_trip_seconds_max


def _check_network(told: str) -> None:
    """Return where it is one.

    Raises:
        ValueError: it is none.
    """
    try:
        ipaddress.ip_network(told)
    except ValueError:
        msg = f"webhook_networks: {told!r} is no network. Next: write it as 10.1.0.0/16"
        raise ValueError(msg) from None


def _check_zone(told: str) -> None:
    """Return where the machine knows it.

    Raises:
        ValueError: it knows none of that name.
    """
    if told not in zoneinfo.available_timezones():
        msg = f"timezone: there is no {told!r}. Next: {SOME_ZONE}"
        raise ValueError(msg)
