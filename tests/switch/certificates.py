"""Certificates made for one test, by an authority made for one test. Nothing here is kept."""

import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = dt.timedelta(days=1)


class Authority:
    """Signs certificates; its own is in `file`."""

    def __init__(self, home: Path, name: str = "authority") -> None:
        self._home = home
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self.file = home / f"{name}.pem"
        certificate = self._builder(name, DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        signed = certificate.public_key(self._key.public_key()).sign(self._key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, valid_for: dt.timedelta = DAY) -> tuple[Path, Path]:
        """A certificate and its key for this name; a negative `valid_for` has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        signed = (
            self._builder(name, valid_for)
            .add_extension(names, critical=False)
            .public_key(key.public_key())
            .sign(self._key, hashes.SHA256())
        )
        certificate, secret = self._home / f"{name}.crt", self._home / f"{name}.key"
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, secret

    def revoke(self, *files: Path, valid_for: dt.timedelta = DAY) -> Path:
        """The list of these certificates, out of date with a negative `valid_for`."""
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(now - 2 * DAY)
            .next_update(now + valid_for)
        )
        for file in files:
            number = x509.load_pem_x509_certificate(file.read_bytes()).serial_number
            row = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now - DAY)
            made = made.add_revoked_certificate(row.build())
        path = self._home / "revoked.pem"
        signed = made.sign(self._key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return path

    def _builder(self, name: str, valid_for: dt.timedelta) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * DAY)
            .not_valid_after(now + valid_for)
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
