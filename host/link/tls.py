"""TLS without sockets: bytes of the wire in, bytes of the messages out, and back.

Whoever has a non-blocking socket keeps it, and its place in a poller; what was read goes through
`Tls.opened`, what is to be written through `Tls.sealed`. A refused handshake has a reason out of a
short table, because it is counted by it and an operator has to act on it.
"""

import ssl
from typing import Any, Final

PLAIN_BYTES: Final = 16 * 1024
"""A TLS record holds no more."""


class TlsError(Exception):
    """The other side and we cannot speak; `reason` is a row of REASONS or VERIFY_REASONS."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason} ({detail})")
        self.reason = reason


REASONS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no client certificate",
    "HTTP_REQUEST": "not TLS",
    "WRONG_VERSION_NUMBER": "not TLS",
    "UNEXPECTED_MESSAGE": "not TLS",
    "RECORD_LAYER_FAILURE": "not TLS",
    "PACKET_LENGTH_TOO_LONG": "not TLS",
    "UNSUPPORTED_PROTOCOL": "TLS version too old",
    "VERSION_TOO_LOW": "TLS version too old",
    "NO_PROTOCOLS_AVAILABLE": "TLS version too old",
    "NO_SHARED_CIPHER": "no common cipher",
    "TLSV1_ALERT_UNKNOWN_CA": "our certificate was refused",
    "SSLV3_ALERT_BAD_CERTIFICATE": "our certificate was refused",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our certificate was refused",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "our certificate was refused",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "we showed no certificate",
}
"""By OpenSSL's name of the failure."""
OTHER_REASON: Final = "handshake failed"
VERIFY_REASONS: Final = {
    3: "no revocation list of its authority",
    9: "certificate not valid yet",
    10: "certificate expired",
    11: "revocation list not valid yet",
    12: "revocation list out of date",
    18: "certificate of an unknown authority",
    19: "certificate of an unknown authority",
    20: "certificate of an unknown authority",
    21: "certificate of an unknown authority",
    23: "certificate revoked",
    26: "certificate for another purpose",
    62: "certificate of another name",
    64: "certificate of another name",
}
"""By X509_V_ERR number, where a certificate did not pass."""
OTHER_VERIFY_REASON: Final = "certificate not valid"


class TlsEnds:
    """One place's TLS: makes the end of each connection, the calling one if told whom we call."""

    __slots__ = ("_context", "_server_name")

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self._context = context
        self._server_name = server_name

    def new(self) -> "Tls":
        """The end of one connection."""
        return Tls(self._context, self._server_name)


class Tls:
    """One connection's TLS. What it has to send by itself waits in `take_unsent`."""

    __slots__ = ("_incoming", "_object", "_outgoing", "is_over", "is_up")

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_name is None,
            server_hostname=server_name,
        )
        self.is_up = False
        """The handshake is done."""
        self.is_over = False
        """The other side has said that nothing follows."""

    @property
    def is_mid_record(self) -> bool:
        """Whether the other side owes us bytes: of the handshake, or of a record."""
        return not self.is_up or self._incoming.pending > 0

    @property
    def has_unsent(self) -> bool:
        """Whether it has something to send of its own."""
        return self._outgoing.pending > 0

    def greet(self) -> None:
        """Begin, where beginning is ours: we have called."""
        self.opened(b"")

    def opened(self, data: bytes) -> bytes:
        """Take what the socket brought; gives what it says, which may be nothing yet.

        Raises:
            TlsError: nothing more can be said or heard; an alert may be waiting to be sent.
        """
        self._incoming.write(data)
        try:
            if not self.is_up:
                self._object.do_handshake()
                self.is_up = True
            return b"".join(self._plain())
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLError as error:
            raise explained(error) from None

    def sealed(self, data: bytes) -> bytes:
        """What to write to the socket so that the other side hears this.

        Raises:
            TlsError: nothing more can be said.
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._object.write(rest) :]
        except ssl.SSLError as error:
            raise explained(error) from None
        return self.take_unsent()

    def take_unsent(self) -> bytes:
        """What it has to send."""
        return self._outgoing.read()

    def peer_name(self) -> str:
        """The common name of the certificate the other side showed, if any."""
        shown: dict[str, Any] = dict(self._object.getpeercert() or {})
        names = {name: value for row in shown.get("subject", ()) for name, value in row}
        return str(names.get("commonName", ""))

    def peer_names(self) -> frozenset[str]:
        """All names of that certificate: its common name and its DNS names."""
        shown: dict[str, Any] = dict(self._object.getpeercert() or {})
        others = {value for kind, value in shown.get("subjectAltName", ()) if kind == "DNS"}
        return frozenset({self.peer_name(), *others} - {""})

    def peer_certificate(self) -> bytes:
        """The certificate that the other side showed, as DER; nothing if it showed none."""
        return self._object.getpeercert(binary_form=True) or b""

    def _plain(self) -> list[bytes]:
        said = []
        try:
            while data := self._object.read(PLAIN_BYTES):
                said.append(data)
            self.is_over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.is_over = True
        return said


def explained(error: ssl.SSLError) -> TlsError:
    """What an operator is told of it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = VERIFY_REASONS.get(error.verify_code, OTHER_VERIFY_REASON)
        return TlsError(reason, error.verify_message)
    name = error.reason or "no reason"
    return TlsError(REASONS.get(name, OTHER_REASON), name)
