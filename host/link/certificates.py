"""Certificates of the link's two ends, made without an authority, and the pins they are known by.

A pin is the public key itself: its SubjectPublicKeyInfo in base64, as `openssl x509 -pubkey` prints
it. A certificate is signed by the key that it is of, and its issuer is that key's SHA-256. So
whoever knows the pin can write down an issuer by which OpenSSL verifies the certificate
(`anchor_of`): dates, signature and possession are its to check, and a certificate that is renewed
keeps its pin.
"""

import base64
import binascii
import datetime as dt
import hashlib
import re
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""What an end of the link may be called."""
BEFORE_NOW: Final = dt.timedelta(hours=1)
"""Clocks of two machines differ."""
_ANCHOR_FROM: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_ANCHOR_UNTIL: Final = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
"""An anchor is a way to write a pin down; dates are the certificate's."""


class PinError(ValueError):
    """A line that should tell a pin; the text says what it is instead."""


class Pin(msgspec.Struct, frozen=True):
    """An end of the link as the other one knows it."""

    name: str
    """What we call it."""
    spki: bytes
    """Its public key, DER."""

    @property
    def text(self) -> str:
        """The key as it stands in a file of pins."""
        return pin_text(self.spki)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the key, in hexadecimal."""
        return hashlib.sha256(self.spki).hexdigest()


def new_key(*, is_p256: bool = False) -> PrivateKey:
    """A new private key: Ed25519, or P-256 where only that may be used."""
    return generate_private_key(SECP256R1()) if is_p256 else Ed25519PrivateKey.generate()


def certificate_of(
    key: PrivateKey, name: str, now: dt.datetime, valid_for: dt.timedelta
) -> x509.Certificate:
    """A certificate that this key has given itself, under this name."""
    public = key.public_key()
    return _signed(
        _builder(public, _common_name(name))
        .not_valid_before(now - BEFORE_NOW)
        .not_valid_after(now + valid_for)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True),
        key,
    )


def anchor_of(spki: bytes) -> bytes:
    """What OpenSSL has to believe so that it verifies the certificates of this key, as DER.

    Its own signature is by a key that is thrown away: nobody looks at that of an anchor.
    """
    public = _loaded(spki)
    passing = new_key(is_p256=isinstance(public, EllipticCurvePublicKey))
    anchor = _signed(
        _builder(public, issuer_of(spki))
        .not_valid_before(_ANCHOR_FROM)
        .not_valid_after(_ANCHOR_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True),
        passing,
    )
    return anchor.public_bytes(serialization.Encoding.DER)


def spki_of(public: CertificatePublicKeyTypes) -> bytes:
    """A public key, as its certificate has it: DER."""
    return public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def issuer_of(spki: bytes) -> x509.Name:
    """What a key is called where it signs: its SHA-256."""
    return _common_name(hashlib.sha256(spki).hexdigest())


def pin_text(spki: bytes) -> str:
    """A public key as a person gives it to another."""
    return base64.b64encode(spki).decode("ascii")


def pin_of(name: str, text: str) -> Pin:
    """A pin that a person has written.

    Raises:
        PinError: the name or the key is none.
    """
    if not NAME.fullmatch(name):
        raise PinError(
            f"{name!r} is no name: letters, digits, dot, dash and underscore, at most 63"
        )
    try:
        spki = base64.b64decode(text, validate=True)
        _loaded(spki)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        raise PinError(
            f"the pin of {name} is no Ed25519 or P-256 public key in base64; it is the one that "
            "posswitch link certificate prints there"
        ) from None
    return Pin(name, spki)


def pins_in(text: str) -> list[Pin]:
    """The pins of a file: `NAME PIN` a line; what follows # is for people.

    Raises:
        PinError: a line is none; the text says which.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2:
            raise PinError(f"line {number} is not NAME PIN")
        try:
            found.append(pin_of(*words))
        except PinError as error:
            raise PinError(f"line {number}: {error}") from None
    return found


def _loaded(spki: bytes) -> PublicKey:
    public = serialization.load_der_public_key(spki)
    if isinstance(public, Ed25519PublicKey):
        return public
    if isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1):
        return public
    raise ValueError("a key of another kind")


def _builder(public: PublicKey, subject: x509.Name) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_of(spki_of(public)))
        .public_key(public)
        .serial_number(x509.random_serial_number())
    )


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    return builder.sign(key, None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256())


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
