"""Ends of a TLS link made by hand: certificates and plain sockets, nothing of our link's code."""

import base64
import datetime as dt
import hashlib
import socket
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host.link.settings import LinkTlsSettings

YEAR = dt.timedelta(days=365)
PATIENCE_SECONDS = 60
_PEM = serialization.Encoding.PEM


class End:
    """A key and certificate in files, and the pin by which others know it."""

    def __init__(
        self,
        home: Path,
        name: str,
        *,
        valid_for: dt.timedelta = YEAR,
        is_p256: bool = False,
        signer: "End | None" = None,
    ) -> None:
        self.name = name
        self.private = ec.generate_private_key(ec.SECP256R1()) if is_p256 else _ed25519()
        self.certificate, self.key = home / f"{name}.crt", home / f"{name}.key"
        self.pins = home / f"{name}.pins"
        self.key.touch(mode=0o600)
        self.key.write_bytes(
            self.private.private_bytes(
                _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.renew(valid_for, signer)
        self.pins.write_text("")

    @property
    def spki(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def pin(self) -> str:
        return base64.b64encode(self.spki).decode()

    @property
    def settings(self) -> LinkTlsSettings:
        return LinkTlsSettings(
            certificate=str(self.certificate), key=str(self.key), pins=str(self.pins)
        )

    def renew(self, valid_for: dt.timedelta = YEAR, signer: "End | None" = None) -> None:
        """A certificate of the same key: its issuer is the SHA-256 of the key that signs."""
        by, now = signer or self, dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_name(self.name))
            .issuer_name(_name(hashlib.sha256(by.spki).hexdigest()))
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - YEAR)
            .not_valid_after(now + valid_for)
            .sign(by.private, hashes.SHA256() if _is_p256(by) else None)
        )
        self.certificate.write_bytes(made.public_bytes(_PEM))

    def knows(self, *others: "End") -> None:
        self.pins.write_text("# who may\n" + "".join(f"{one.name} {one.pin}\n" for one in others))


def client_context(shown: End | None) -> ssl.SSLContext:
    """What a stranger calls with: it believes everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    return context


def heard_by(port: int, context: ssl.SSLContext | None, said: bytes) -> bytes:
    """All that a plain socket is told there; blocks until the other side ends it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as plain:
        try:
            sock = plain if context is None else context.wrap_socket(plain)
            with sock:
                sock.sendall(said)
                return b"".join(iter(lambda: sock.recv(65_536), b""))
        except (ssl.SSLError, ConnectionError) as error:
            return f"{getattr(error, 'reason', None) or type(error).__name__}".encode()


def _ed25519() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def _is_p256(end: End) -> bool:
    return isinstance(end.private, ec.EllipticCurvePrivateKey)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
