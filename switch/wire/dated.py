"""How long the files of TLS are good: told before they end, in the log and as a metric.

A certificate that has ended is shown all the same, and whoever looks at its date stays away; a list
of revoked ones that has ended lets nobody in. Both come at a moment that is known long before.
"""

import datetime as dt
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

import structlog
import trio
from cryptography import x509
from prometheus_client import CollectorRegistry, Gauge

from host.clock import WallClock, utc_now
from host.link.credentials import Credentials
from host.named_files import LIST_BYTES_MAX, read_named
from switch.channels import TlsSettings

CERTIFICATE: Final = "certificate"
AUTHORITY: Final = "authority"
REVOKED: Final = "revocation list"
TOLD_BEFORE: Final = {
    CERTIFICATE: dt.timedelta(days=30),
    AUTHORITY: dt.timedelta(days=30),
    REVOKED: dt.timedelta(days=2),
}
"""What there is of TLS, and so long before its end it is spoken of: a list is made anew often."""
WATCH_SECONDS: Final = 86_400.0
LINK: Final = "link"
"""Where the certificate of the link to the host stands in the metric."""
OTHERS_MAY: Final = stat.S_IRWXG | stat.S_IRWXO

_LOG = structlog.get_logger(__name__)


class Dated(NamedTuple):
    """One file of TLS, and when it is good."""

    what: str
    """CERTIFICATE, AUTHORITY or REVOKED."""
    file: str
    begins: dt.datetime
    until: dt.datetime
    """Of a file with several certificates the first that ends."""

    @property
    def said(self) -> str:
        """It, in a sentence."""
        return f"an {self.what}" if self.what == AUTHORITY else f"a {self.what}"


def dated_files(tls: TlsSettings) -> list[Dated]:
    """The files that end; one that cannot be read is not here: `load_files` says what is wrong."""
    found = [_certificates(CERTIFICATE, tls.certificate)]
    if tls.client_ca is not None:
        found.append(_certificates(AUTHORITY, tls.client_ca))
    if tls.revoked is not None:
        found.append(_list(tls.revoked))
    return [each for each in found if each is not None]


def key_is_open(key: str) -> bool:
    """Whether others than its owner may read a key."""
    try:
        return bool(Path(key).stat().st_mode & OTHERS_MAY)
    except OSError:
        return False


class Ends:
    """What one program shows and believes by TLS, and when it ends."""

    def __init__(self, registry: CollectorRegistry, name: str, clock: WallClock = utc_now) -> None:
        self._clock = clock
        self._held: dict[str, list[Dated]] = {}
        self._until = Gauge(
            name,
            "Until when a file of TLS is good, as Unix time; of several in it the first that ends.",
            ("channel", "file"),
            registry=registry,
        )

    def use(self, rows: Sequence[tuple[str, TlsSettings | None]]) -> None:
        """These places, and no others, have these files from now on; they are read anew."""
        self._held = {place: dated_files(tls) for place, tls in rows if tls is not None}
        self._until.clear()
        for place, each in self._each():
            self._until.labels(place, each.what).set(each.until.timestamp())
        for place, tls in rows:
            if tls is not None and key_is_open(tls.key):
                _LOG.warning(
                    "a key of TLS may be read by others than its owner. Next: chmod 600 it, and "
                    "have another certificate made if somebody could have read it",
                    channel=place,
                    file=tls.key,
                )
        self.tell()

    def use_link(self, credentials: Credentials | None) -> None:
        """And the certificate of the link, of which the link itself speaks in the log."""
        if credentials is not None:

            def until() -> float:
                return credentials.until.timestamp()

            self._until.labels(LINK, CERTIFICATE).set_function(until)

    async def watch(self) -> NoReturn:
        """Speak of what ends soon, once a day."""
        while True:
            await trio.sleep(WATCH_SECONDS)
            self.tell()

    def tell(self) -> None:
        """Speak of what ends soon, has ended, or has not begun."""
        now = self._clock()
        for place, each in self._each():
            about = {"channel": place, "file": each.file}
            days = (each.until - now).days
            if each.begins > now:
                _LOG.error(
                    f"{each.said} of TLS is not good yet: whoever looks at its date stays away. "
                    "Next: compare the clocks, or put the one before back, and posswitch reload",
                    **about,
                    begins=f"{each.begins:%Y-%m-%d %H:%M}Z",
                )
            elif each.until <= now:
                _LOG.error(
                    f"{each.said} of TLS has ended: whoever looks at its date stays away. "
                    "Next: put a new one in its place, and posswitch reload",
                    **about,
                    until=f"{each.until:%Y-%m-%d}",
                )
            elif each.until - now < TOLD_BEFORE[each.what]:
                _LOG.warning(
                    f"{each.said} of TLS ends soon. Next: put a new one in its place, and "
                    "posswitch reload",
                    **about,
                    until=f"{each.until:%Y-%m-%d}",
                    days=days,
                )

    def _each(self) -> Iterator[tuple[str, Dated]]:
        return ((place, each) for place, held in self._held.items() for each in held)


def _certificates(what: str, file: str) -> Dated | None:
    try:
        found = x509.load_pem_x509_certificates(read_named(file))
    except (OSError, ValueError):
        return None
    begins = max(each.not_valid_before_utc for each in found)
    return Dated(what, file, begins, min(each.not_valid_after_utc for each in found))


def _list(file: str) -> Dated | None:
    try:
        found = x509.load_pem_x509_crl(read_named(file, LIST_BYTES_MAX))
    except (OSError, ValueError):
        return None
    if found.next_update_utc is None:
        return None
    return Dated(REVOKED, file, found.last_update_utc, found.next_update_utc)
