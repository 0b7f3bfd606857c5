"""What one end of a TLS link shows and whom it believes, read at start and again at each reload.

No authority is asked: a peer is who has the key of a pin (`host.link.certificates`). Files are read
whole before anything is exchanged, so a reload changes everything or nothing; connections that
stand are looked at by their owner (`Credentials.trusts`).
"""

import datetime as dt
import ssl
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import structlog
import trio
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from host.clock import WallClock, utc_now
from host.link.certificates import Pin, PinError, anchor_of, issuer_of, pin_text, pins_in, spki_of
from host.link.settings import LinkTlsSettings
from host.link.tls import Tls, TlsEnds, TlsError
from host.named_files import check_named, read_named, read_named_text

WARN_BEFORE: Final = dt.timedelta(days=30)
"""So long before its end a certificate is spoken of."""
WATCH_SECONDS: Final = 86_400.0
OTHERS_MAY: Final = stat.S_IRWXG | stat.S_IRWXO

_LOG = structlog.get_logger(__name__)


class CredentialsError(ValueError):
    """A certificate, key or file of pins cannot be used: says which, why and what to do."""


class Peer(msgspec.Struct, frozen=True):
    """Who is at the other end: proved by its key."""

    name: str
    """What our file of pins calls it."""
    certificate: str
    """What its certificate calls it."""
    spki: bytes


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of the files. The private key is inside OpenSSL and nowhere else."""

    ends: TlsEnds
    name: str
    """Of our certificate."""
    pin: str
    until: dt.datetime
    """The end of our certificate."""
    pins: Mapping[bytes, Pin]
    """By public key."""


class Credentials:
    """An end's certificate and pins. `calls` is the host that a switch calls; None: we are called.

    Raises:
        CredentialsError: a file cannot be used.
    """

    def __init__(
        self, settings: LinkTlsSettings, calls: str | None = None, clock: WallClock = utc_now
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._clock = clock
        self._held = self.read()
        self._tell()

    def read(self) -> Held:
        """What the files say now; nothing changes yet.

        Raises:
            CredentialsError: one cannot be used.
        """
        settings = self._settings
        certificate = _certificate(settings)
        if certificate.not_valid_after_utc <= self._clock():
            raise CredentialsError(
                f"the link's certificate {settings.certificate} is past its date"
                f" ({certificate.not_valid_after_utc:%Y-%m-%d}), and nobody would speak with us."
                f" Next: posswitch link certificate {_name_of(certificate)}, which keeps the pin"
            )
        spki = _own_key(settings, certificate)
        pins = _pins(Path(settings.pins))
        return Held(
            ends=TlsEnds(_context(settings, pins, is_called=self._calls is None), self._calls),
            name=_name_of(certificate),
            pin=pin_text(spki),
            until=certificate.not_valid_after_utc,
            pins=pins,
        )

    def use(self, held: Held) -> None:
        """Show and believe this from now on."""
        self._held = held
        self._tell()

    @property
    def until(self) -> dt.datetime:
        """The end of our certificate."""
        return self._held.until

    @property
    def is_calling(self) -> bool:
        """Whether connections are begun by us."""
        return self._calls is not None

    def new(self) -> Tls:
        """The end of one connection."""
        return self._held.ends.new()

    def trusts(self, peer: Peer) -> bool:
        """Whether its pin is still in the file."""
        return peer.spki in self._held.pins

    def peer_of(self, tls: Tls) -> Peer:
        """Who is there, once the handshake is done.

        Raises:
            TlsError: a key that no pin names, though one of a pin has signed for it.
        """
        try:
            certificate = x509.load_der_x509_certificate(tls.peer_certificate())
            spki = spki_of(certificate.public_key())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise TlsError("certificate not valid", type(error).__name__) from None
        pin = self._held.pins.get(spki)
        if pin is None:
            raise TlsError("certificate of an unknown authority", "of another key than its issuer")
        until, name = certificate.not_valid_after_utc, _name_of(certificate)
        if until - self._clock() < WARN_BEFORE:
            _LOG.warning(
                "the other end's link certificate ends soon. Next: posswitch link certificate "
                f"{name} there, which keeps the pin, then posswitch reload",
                peer=pin.name,
                until=f"{until:%Y-%m-%d}",
            )
        return Peer(pin.name, name, spki)

    def explained(self, error: TlsError) -> str:
        """Why there is no handshake, and what to do, in a sentence."""
        told = EXPLAINED.get(error.reason)
        if told is None:
            return f"TLS: {error}"
        return f"{error}: " + told.format(
            pins=self._settings.pins, name=self._held.name, pin=self._held.pin
        )

    async def watch(self) -> NoReturn:
        """Speak of our certificate's end once a day, as long as it is near."""
        while True:
            await trio.sleep(WATCH_SECONDS)
            self._tell()

    def _tell(self) -> None:
        held, left = self._held, self._held.until - self._clock()
        if left < WARN_BEFORE:
            told = _LOG.warning if left > dt.timedelta() else _LOG.error
            told(
                "our link certificate ends, and then nobody speaks with us. Next: posswitch link "
                f"certificate {held.name}, which keeps the pin, then posswitch reload",
                until=f"{held.until:%Y-%m-%d}",
                days=left.days,
            )
        if not held.pins:
            _LOG.warning(
                "no pin is known, so nobody is spoken with on the tls: link. Next: posswitch link "
                "trust NAME PIN, then posswitch reload",
                pins=self._settings.pins,
            )


EXPLAINED: Final = {
    "certificate of an unknown authority": (
        "its key is on no line of {pins}. Next: if it is one of yours, posswitch link trust NAME "
        "PIN with the pin that posswitch link certificate printed there, then posswitch reload"
    ),
    "certificate expired": (
        "its certificate is past its date, by our clock. Next: there, posswitch link certificate "
        "NAME, which keeps the pin, then posswitch reload"
    ),
    "certificate not valid yet": (
        "its certificate begins later, by our clock. Next: set the clocks of both machines"
    ),
    "no client certificate": (
        "whoever called showed no certificate. Next: if it is a switch of yours, write its link_tls"
    ),
    "not TLS": "what came is not TLS. Next: if it is one of yours, let its link begin with tls:",
    "TLS version too old": "it does not speak TLS 1.3. Next: run the same release at both ends",
    "our certificate was refused": (
        "the other end does not take our certificate. Next: there, posswitch link trust {name} "
        "{pin}, then posswitch reload; its log says why"
    ),
}
"""What an operator does about a reason of `host.link.tls`."""


def _certificate(settings: LinkTlsSettings) -> x509.Certificate:
    try:
        _refuse_open_key(Path(settings.key))
        check_named(settings.key)
        return x509.load_pem_x509_certificate(read_named(settings.certificate))
    except (OSError, ValueError) as error:
        raise _unusable(settings, error) from None


def _own_key(settings: LinkTlsSettings, certificate: x509.Certificate) -> bytes:
    spki = spki_of(certificate.public_key())
    if certificate.issuer != issuer_of(spki):
        raise _unusable(settings, ValueError("the certificate was not made for the link"))
    return spki


def _refuse_open_key(key: Path) -> None:
    if key.stat().st_mode & OTHERS_MAY:
        raise CredentialsError(
            f"the link's key {key} may be read by others. Next: chmod 600 {key}, and make another "
            "(posswitch link certificate NEWNAME) if somebody could have read it"
        )


def _context(
    settings: LinkTlsSettings, pins: Mapping[bytes, Pin], *, is_called: bool
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_called else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # a pin is more than a name
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if is_called:
        context.num_tickets = 0  # a link lives long: there is nothing to resume
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        raise _unusable(settings, error) from None
    for spki in pins:
        context.load_verify_locations(cadata=anchor_of(spki))
    return context


def _unusable(settings: LinkTlsSettings, error: Exception) -> CredentialsError:
    if isinstance(error, CredentialsError):
        return error
    why = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return CredentialsError(
        f"link_tls: certificate {settings.certificate} and key {settings.key} cannot be used:"
        f" {why}. Next: posswitch link certificate NAME, which prints what to write"
    )


def _pins(path: Path) -> dict[bytes, Pin]:
    try:
        return {pin.spki: pin for pin in pins_in(read_named_text(path))}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, PinError) as error:
        raise CredentialsError(
            f"the link's pins {path} cannot be used: {error}. Next: mend that line, or "
            "posswitch link trust NAME PIN"
        ) from None


def _name_of(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else "?"


def _no_passphrase() -> str:
    """Never ask at a terminal nobody sits at."""
    raise ValueError("the key has a passphrase")
