"""The rows of `[[channels]]`: where terminals, gateways and merchant systems meet the switch.

What a channel leaves unsaid its kind says (`CHANNEL_KINDS`). Rows check themselves: a ValueError
says which setting, why, and what to write instead.
"""

import ipaddress
from typing import Annotated, Final, Literal

import msgspec

from terminals.dialects import DialectOptions

TPDU_BYTES: Final = 5
HEADER_BYTES: Final = 6
BY_KIND: Final = -1
"""A number that the channel leaves to its kind."""

Port = Annotated[int, msgspec.Meta(ge=BY_KIND, le=65535)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
LengthName = Literal["be2", "be2-inclusive", "ascii4"]
AnyLengthName = LengthName | Literal["none"]
"""`none`: a message says itself where it ends."""
Strategy = Literal["silent", "timeout_98"]
CertificateRule = Literal["any", "terminal"]
"""`terminal`: it speaks for the terminals it names, by common name or DNS name, and no other."""
LOOPBACK: Final = ("127.0.0.0/8", "::1/128")


class ChannelKind(msgspec.Struct, frozen=True, kw_only=True):
    """What channels of one kind have in common unless a channel says otherwise."""

    dialect: str
    port: int
    length_codec: AnyLengthName
    frame_bytes_min: int
    frame_bytes_max: int = 4096
    strategy: Strategy = "silent"
    certificate: CertificateRule = "any"


CHANNEL_KINDS: Final[dict[str, ChannelKind]] = {
    # Terminals on TCP. TPDU 5, header 6, message type 2, bitmap 8: no frame is shorter.
    "pos": ChannelKind(dialect="pos", port=8583, length_codec="be2", frame_bytes_min=21),
    # A dial-up gateway with hundreds of terminals behind it; line time costs money.
    "nac": ChannelKind(
        dialect="pos",
        port=8584,
        length_codec="be2",
        frame_bytes_min=21,
        strategy="timeout_98",
    ),
    # A merchant's own system.
    "mis": ChannelKind(
        dialect="mis-json",
        port=8585,
        length_codec="ascii4",
        frame_bytes_min=16,
        frame_bytes_max=8192,
    ),
    # Payment applications on phones: JSON in mutual TLS, one connection per application.
    "softpos": ChannelKind(
        dialect="softpos",
        port=8586,
        length_codec="be2",
        frame_bytes_min=2,
        frame_bytes_max=16_384,
        certificate="terminal",
    ),
}
LENGTHS_MAX: Final[dict[AnyLengthName, int]] = {
    "be2": 0xFFFF,
    "be2-inclusive": 0xFFFD,
    "ascii4": 9999,
    "none": 0xFFFF,
}
"""The longest frame that each length can tell."""


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who we are and whom we let in. Files are PEM; relative ones are in the data directory."""

    certificate: str
    """Ours, with the certificates between it and its root."""
    key: str
    """Of our certificate, without a passphrase."""
    client_ca: str | None = None
    """Who signs the other side's certificates."""
    require_client: bool = False
    """Mutual: who shows no valid certificate of `client_ca` is refused."""
    revoked: str | None = None
    """The revocation list (CRL) of `client_ca`, read again at every reload: who is on it is
    refused. Once it is out of date everybody is, for it no longer says who may be let in."""

    def __post_init__(self) -> None:
        if self.revoked is not None and self.client_ca is None:
            raise ValueError(
                "revoked: a revocation list is of an authority. "
                "Next: name that authority's file in client_ca"
            )
        if self.require_client and self.client_ca is None:
            raise ValueError(
                "client_ca: missing, and require_client needs it. "
                "Next: name the file of the authority that signs client certificates"
            )


class ChannelSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One listening port, or one gateway that we call, and the dialect spoken there."""

    name: str = "pos"
    """What the channel is called in logs, metrics and at the start; each has one of its own."""
    kind: Literal["pos", "nac", "mis", "softpos"] = "pos"
    """What connects here; it says what the channel leaves unsaid."""
    dialect: str = ""
    """How it is spoken: `pos`, `ascii87-hex`, `ascii87-bin`, `mis-json`, `mis-fixed`, `mis-iso`,
    `softpos`."""
    options: DialectOptions = DialectOptions()
    """What the dialect is to know."""
    host: str = "127.0.0.1"
    """The address of this machine to listen on; `0.0.0.0` is all of them."""
    port: Port = BY_KIND
    """0 takes any free port; the port taken is told when the switch is ready."""
    connect_to: str | None = None
    """`HOST:PORT`: we call this gateway and keep the connection, instead of listening. The first
    switch process calls, the others leave it alone."""
    connect_seconds_max: Seconds = 10.0
    """How long a gateway may take to answer a call."""
    reconnect_seconds_max: Seconds = 30.0
    """The longest pause between two calls of a gateway that does not answer."""
    length_codec: AnyLengthName | Literal[""] = ""
    """How the length in front of each message is written: two big-endian bytes that do not count
    themselves, the same counting themselves, four decimal digits; or that there is none, and a
    message says itself where it ends."""
    preamble_bytes: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    """The caller's line, written by a gateway in front of each TPDU."""
    preamble: Literal["return", "drop"] = "return"
    """Whether an answer carries the preamble of its request."""
    keep_alive: Literal["ignore", "answer", "refuse"] = "ignore"
    """What a frame of length zero is: a sign of life, one that is given back, or a framing
    error."""
    frame_bytes_min: int = BY_KIND
    """The shortest message, without length and preamble; a shorter one ends the connection."""
    frame_bytes_max: int = BY_KIND
    """The longest, likewise."""
    frame_seconds_max: Seconds = 10.0
    """From the first byte of a frame, or of a TLS handshake, to its last."""
    idle_seconds_max: Seconds = 600.0
    """Silence after which a connection is closed."""
    drain_seconds_max: Seconds = 35.0
    """How long a connection may finish what it has when its channel is drained."""
    networks: tuple[str, ...] = ()
    """Who may connect, as `10.1.0.0/16`; none named: everybody."""
    connections_max: Count = 10_000
    """Connections of all addresses; one more is refused."""
    per_source_max: Count = 10_000
    """Connections of one address (of one /64 where it is IPv6)."""
    per_source_rate: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    """Messages and new connections a second of one address; who sends more is read later.
    0: as many as come."""
    unanswered_max: Count = 1024
    """Messages of one connection waiting for their answers; beyond it nothing more is read."""
    outbox_bytes_max: Count = 256 * 1024
    """Answers a peer does not read; beyond it the connection is closed."""
    terminal_seconds: Seconds = 60.0
    """How long a terminal here waits for its answer."""
    strategy: Strategy | Literal[""] = ""
    """When the host's answer does not come: stay silent, or say 98 once our own reversal is on
    disk."""
    ecb_networks: tuple[str, ...] = LOOPBACK
    """Where nobody else listens: from there terminals under an `up-ecb` code are believed. With
    TLS they are from everywhere."""
    certificate: CertificateRule | Literal[""] = ""
    """Whether a client certificate names the terminals it may speak for."""
    tls: TlsSettings | None = None
    reuse_port: bool = False
    """Let several switch processes share the port (SO_REUSEPORT)."""

    def __post_init__(self) -> None:
        _fill(self)
        _check_networks("networks", self.networks)
        _check_networks("ecb_networks", self.ecb_networks)
        _check_lengths(self)
        if self.connect_to is not None:
            address_of(self.connect_to)
        if self.kind == "softpos" and not (is_mutual(self.tls) or is_local(self.host)):
            raise ValueError(
                "tls: a softpos channel beyond this machine speaks mutual TLS only. "
                "Next: write a tls table with certificate, key, client_ca and require_client = true"
            )

    @property
    def length(self) -> AnyLengthName:
        """How lengths are written: the channel's word, or its kind's."""
        assert self.length_codec, "filled when made"
        return self.length_codec


def address_of(text: str, setting: str = "connect_to") -> tuple[str, int]:
    """Read `HOST:PORT`, as that setting says it; an IPv6 host stands in brackets.

    Raises:
        ValueError: it is something else.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) <= 0xFFFF):
        raise ValueError(f"{setting}: {text!r} is no address. Next: write HOST:PORT")
    return host, int(port)


def is_mutual(tls: TlsSettings | None) -> bool:
    """Whether both sides show certificates."""
    return tls is not None and tls.require_client


def is_local(host: str) -> bool:
    """Whether a listener is out of everybody else's reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _fill(channel: ChannelSettings) -> None:
    """Write what the kind says where the channel says nothing."""
    kind = CHANNEL_KINDS[channel.kind]
    if channel.dialect in {"", "pos"} and kind.dialect == "pos":
        least = kind.frame_bytes_min - _left_out(channel.options)
        kind = msgspec.structs.replace(kind, frame_bytes_min=least)
    for field in msgspec.structs.fields(kind):
        if getattr(channel, field.name) in {"", BY_KIND}:
            msgspec.structs.force_setattr(channel, field.name, getattr(kind, field.name))


def _left_out(options: DialectOptions) -> int:
    """Bytes by which the shortest message of the `pos` dialect is shorter than usual."""
    return TPDU_BYTES * (not options.has_tpdu) + HEADER_BYTES * (not options.has_header)


def _check_networks(setting: str, networks: tuple[str, ...]) -> None:
    for text in networks:
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            raise ValueError(
                f"{setting}: {error}. Next: write an address or a network such as 10.1.0.0/16"
            ) from None


def _check_lengths(channel: ChannelSettings) -> None:
    longest = LENGTHS_MAX[channel.length] - channel.preamble_bytes
    if not 0 < channel.frame_bytes_min <= channel.frame_bytes_max <= longest:
        raise ValueError(
            f"frame_bytes_max: frames are {channel.frame_bytes_min} to {channel.frame_bytes_max} "
            f"bytes, and {channel.length} tells at most {longest}. "
            "Next: let frame_bytes_min be the smallest, and frame_bytes_max no more than that"
        )
