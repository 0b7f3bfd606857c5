"""What both ends of a link between two machines are told. Read by `config.settings`."""

from collections.abc import Sequence
from typing import Final

import msgspec

TLS_SCHEME: Final = "tls:"
UNIX_SCHEME: Final = "unix:"
SOME_PLACE: Final = "write unix:PATH or tls:HOST:PORT"
CLEAR_SCHEME: Final = "tcp:"
CLEAR_TEXT: Final = (
    "at a TCP port every user of this machine, and whoever reaches it, would be given the keys of "
    "terminals. Next: write tls:HOST:PORT between machines, or unix:PATH on this one"
)
"""Why a link in clear text is refused."""


class LinkTlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who we are on the link, and whom we know there. Relative files are in the data directory."""

    certificate: str
    """Ours, PEM, as `posswitch link certificate NAME` makes it."""
    key: str
    """Of our certificate, PEM, without a passphrase and readable by us alone."""
    pins: str = "secrets/link-pins"
    """Whom we speak with: `NAME PIN` a line, as `posswitch link trust` writes it; an end that
    changes its key has two lines for a while. Read again, with the other two, at every reload: who
    is no longer in it is let go."""


def check_link(addresses: Sequence[str], tls: LinkTlsSettings | None) -> None:
    """Refuse a link in clear text, and one between machines that has no certificate.

    Raises:
        ValueError: there is one; says what to write.
    """
    if clear := [address for address in addresses if address.startswith(CLEAR_SCHEME)]:
        raise ValueError(f"link: {clear[0]!r} is in clear text: {CLEAR_TEXT}")
    if odd := [each for each in addresses if not each.startswith((UNIX_SCHEME, TLS_SCHEME))]:
        raise ValueError(f"link: {odd[0]!r} is no place. Next: {SOME_PLACE}")
    if tls is None and any(address.startswith(TLS_SCHEME) for address in addresses):
        raise ValueError(
            "link_tls: missing, and a tls: link needs it. Next: posswitch link certificate NAME,"
            " which prints what to write"
        )
