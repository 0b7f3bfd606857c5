"""An authority for a simulation: the switch's certificate, the phones', and the attestation key.

Made into a directory once. Nothing here protects anything: whoever reads the directory is all of
them. The phones' certificate names each of their terminals.
"""

import datetime as dt
import hashlib
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from host.estate.demo import PHONES
from host.named_files import check_named

DAYS: Final = 30
AUTHORITY: Final = "authority.pem"
SWITCH: Final = "switch"
PHONE: Final = "phone"
ATTESTATION: Final = "attestation.pem"
_PEM: Final = serialization.Encoding.PEM


def make_certificates(home: Path, phones: Sequence[str] = PHONES) -> None:
    """An authority, a certificate for the switch, one for these phones, and the attestation key."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("posswitch simulation")
    ours = _builder("posswitch simulation", name, key.public_key()).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    (home / AUTHORITY).write_bytes(ours.sign(key, hashes.SHA256()).public_bytes(_PEM))
    for subject, others in ((SWITCH, ()), (PHONE, phones)):
        _issue(home, subject, others, key, name)
    public = attestation_key().public_key()
    (home / ATTESTATION).write_bytes(
        public.public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def attestation_key() -> Ed25519PrivateKey:
    """The simulated service's key: of public text, so that any simulator is the service."""
    seed = hashlib.sha256(b"posswitch demo attestation service").digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


def phone_tls(home: Path) -> ssl.SSLContext:
    """What a phone shows and whom it believes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    files = home / AUTHORITY, home / f"{PHONE}.crt", home / f"{PHONE}.key"
    for file in files:
        check_named(file)
    authority, certificate, key = files
    context.load_verify_locations(authority)
    context.load_cert_chain(certificate, key)
    return context


def _issue(
    home: Path,
    subject: str,
    others: Sequence[str],
    authority: ec.EllipticCurvePrivateKey,
    by: x509.Name,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in (subject, *others)])
    builder = _builder(subject, by, key.public_key()).add_extension(names, critical=False)
    signed = builder.sign(authority, hashes.SHA256())
    (home / f"{subject}.crt").write_bytes(signed.public_bytes(_PEM))
    secret = home / f"{subject}.key"
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _builder(
    subject: str, by: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(by)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .public_key(key)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
