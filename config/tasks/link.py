"""`posswitch link`: a certificate for an end of a `tls:` link, and whom that end knows."""

import datetime as dt
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from config.errors import SettingsError, SurroundingsError
from config.places import Places
from host.clock import utc_now
from host.link.certificates import (
    NAME,
    Pin,
    PinError,
    PrivateKey,
    certificate_of,
    new_key,
    pin_of,
    pin_text,
    pins_in,
    spki_of,
)
from host.named_files import read_named, read_named_text
from host.private_files import private_file

PINS: Final = "link-pins"
HEAD: Final = "# Whom the tls: link speaks with: NAME PIN a line. Then: posswitch reload\n"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that was made."""

    name: str
    pin: str
    certificate: Path
    key: Path
    until: dt.datetime
    is_renewed: bool
    """The key was there: its pin stays."""

    @property
    def lines(self) -> list[str]:
        """What the operator does with it."""
        what = "renewed, same pin" if self.is_renewed else "made"
        files = f'"secrets/{self.certificate.name}", key = "secrets/{self.key.name}"'
        return [
            f"{self.name}: certificate {what}, until {self.until:%Y-%m-%d}",
            f"here, in link_tls of the switch or the host: certificate = {files}",
            f"there: posswitch link trust {self.name} {self.pin}",
        ]


def make_certificate(places: Places, name: str, *, days: int, is_p256: bool) -> Made:
    """A certificate for the key of this name, which is made where it is missing.

    Raises:
        SettingsError: the name is none.
        SurroundingsError: there is a key that cannot be read.
    """
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} is no name for an end of the link. Next: use letters, digits, dot, dash "
            "and underscore, at most 63",
            "E-COMMAND-LINE",
        )
    places.make()
    key_file = places.secrets / f"link-{name}.key"
    is_renewed = key_file.exists()
    key = _read_key(key_file) if is_renewed else new_key(is_p256=is_p256)
    made = certificate_of(key, name, utc_now(), dt.timedelta(days=days))
    if not is_renewed:
        _write(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file = places.secrets / f"link-{name}.crt"
    _write(file, made.public_bytes(Encoding.PEM))
    return Made(
        name=name,
        pin=pin_text(spki_of(made.public_key())),
        certificate=file,
        key=key_file,
        until=made.not_valid_after_utc,
        is_renewed=is_renewed,
    )


def trust(places: Places, name: str, text: str) -> tuple[Pin, Path]:
    """Add a pin to the file of pins; one that is there already is not added twice.

    Raises:
        SettingsError: the name or the pin is none.
        SurroundingsError: the file has a line that is none.
    """
    places.make()
    file = places.secrets / PINS
    try:
        pin = pin_of(name, text)
    except PinError as error:
        raise SettingsError(
            f"{error}. Next: copy both from where it was made", "E-LINK-CERTIFICATE"
        ) from None
    before = read_named_text(file) if file.exists() else HEAD
    try:
        known = pins_in(before)
    except PinError as error:
        raise SurroundingsError(
            f"{file}: {error}. Next: mend that line", "E-LINK-CERTIFICATE"
        ) from None
    if pin not in known:
        end = "" if before.endswith("\n") else "\n"
        _write(file, f"{before}{end}{pin.name} {pin.text}\n".encode())
    return pin, file


def _read_key(file: Path) -> PrivateKey:
    try:
        key = load_pem_private_key(read_named(file), password=None)
    except (ValueError, TypeError) as error:
        raise SurroundingsError(
            f"{file} holds no key ({error}). Next: move it away, and run it again for a new key",
            "E-LINK-CERTIFICATE",
        ) from None
    assert isinstance(key, PrivateKey)
    return key


def _write(file: Path, content: bytes) -> None:
    """The whole file or the one before, and nobody else reads it."""
    with private_file(file) as opened:
        opened.write(content)
