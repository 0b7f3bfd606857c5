"""What the web front can be told. Read by `config.settings` from `[web]`."""

import ipaddress
from typing import Annotated, Final

import msgspec

from host.office.roles import ROLES
from switch.channels import TlsSettings, address_of

USUAL_PORT: Final = 8688
LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")


class WebSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The front process. It reaches the host as the switch does, by `[switch] link`."""

    is_on: bool | None = None
    """Whether it is started with the rest; not said: by `posswitch up`."""
    host: str = "127.0.0.1"
    """The address it listens at; one that others reach needs `tls`."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    """0: any that is free; not said: 8688, or any where somebody has that."""
    names: tuple[str, ...] = ()
    """What browsers call it, beside localhost: whoever asks for another name is refused, so that
    no page of somebody else's gets at it by a name of their own."""
    tls: TlsSettings | None = None
    """Our certificate; with `client_ca` and `require_client` browsers need one, too."""
    certificate_roles: tuple[str, ...] = ()
    """Roles that come only with a certificate of `tls.client_ca`, as merchant_operator; others may
    show one. Where `require_client` is set, everybody does."""
    sign_ins_a_minute: Annotated[int, msgspec.Meta(ge=1)] = 20
    """Of one address; and half as many of one login, wherever they come from."""
    body_bytes_max: Annotated[int, msgspec.Meta(ge=1024)] = 4 * 1024 * 1024
    """Of one form, with its file."""
    seats: str = "seats"
    """The directory with the keys and the days of its seats, as `posswitch keys seat` makes it.
    A relative one is in the data directory."""
    seats_call: str = ""
    """`HOST:PORT` of a POS channel of the switch, to which seats speak; not said: the first there
    is in these settings. Beyond this machine it needs `seats_ca`."""
    seats_ca: str | None = None
    """Who has signed that channel's certificate; not said: it is called without TLS."""
    seat_seconds_max: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    """How long a seat waits for an answer before it is in doubt."""
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | None = None
    """/metrics, /healthz and /readyz over HTTP."""
    metrics_host: str = "127.0.0.1"
    """Where these are; they are for who operates it, and not for browsers."""
    export_rows_max: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    """Of one list that is taken as a file."""

    def __post_init__(self) -> None:
        if self.seats_call and self.seats_ca is None:
            host, _port = address_of(self.seats_call, "seats_call")
            if not _is_loopback(host):
                raise ValueError(
                    f"seats_call: {self.seats_call!r} is another machine, and card numbers would"
                    " cross in clear. Next: name its channel's authority in seats_ca"
                )
        unknown = [role for role in self.certificate_roles if role not in ROLES]
        if unknown:
            raise ValueError(
                f"certificate_roles: there is no role {unknown[0]!r}. Next: choose of "
                f"{', '.join(sorted(ROLES))}"
            )
        if self.certificate_roles and (self.tls is None or self.tls.client_ca is None):
            raise ValueError(
                "certificate_roles: nobody could show one. Next: name in [web.tls] client_ca the"
                " authority that signs certificates of browsers"
            )
        if self.tls is None and not _is_loopback(self.host):
            raise ValueError(
                f"host: {self.host!r} is reached by others, and passwords would cross in clear."
                " Next: give [web.tls] a certificate and key, or listen at 127.0.0.1"
            )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
