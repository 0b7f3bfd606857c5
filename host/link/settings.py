"""What both ends of a link between two machines are told. Read by `config.settings`."""

from collections.abc import Iterable

import msgspec

TLS_SCHEME = "tls:"


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


def check_link(addresses: Iterable[str], tls: LinkTlsSettings | None) -> None:
    """Refuse a link between machines that has no certificate.

    Raises:
        ValueError: it has none; says what to write.
    """
    if tls is None and any(address.startswith(TLS_SCHEME) for address in addresses):
        raise ValueError(
            "link_tls: missing, and a tls: link needs it. Next: posswitch link certificate NAME,"
            " which prints what to write"
        )
