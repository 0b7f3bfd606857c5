"""TCP payloads out of a pcap file, as tcpdump writes them.

Enough for messages between two programs: Ethernet (VLAN tags too), loopback, raw IP and Linux
cooked captures; IPv4 and IPv6. Each direction of each connection is put in the order of its
sequence numbers; what was sent twice is taken once, and a stream ends where bytes are missing.
"""

import itertools
import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from terminals.describe.errors import UnreadableError

_ORDERS: Final = {
    b"\xd4\xc3\xb2\xa1": "<",
    b"\xa1\xb2\xc3\xd4": ">",
    b"\x4d\x3c\xb2\xa1": "<",
    b"\xa1\xb2\x3c\x4d": ">",
}
"""By magic: micro- and nanoseconds, each in both byte orders."""
_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
_GLOBAL_BYTES: Final = 24
_PACKET_BYTES: Final = 16
_LINK_BYTES: Final = {0: 4, 1: 14, 12: 0, 14: 0, 101: 0, 108: 4, 113: 16, 276: 20}
"""What stands before the IP header, by link type."""
_ETHERNET: Final = 1
_VLAN: Final = frozenset({0x8100, 0x88A8})
_TCP: Final = 6
_TELLING: Final = ((1, b"\x08\x00"), (101, b""), (113, b"\x08\x00"), (0, b"\x02\0\0\0"))
"""Links whose packets are known without a capture around them, by what stands before IPv4."""
_SEQUENCES: Final = 1 << 32
_AHEAD_MAX: Final = 1 << 31


class Stream(msgspec.Struct, frozen=True):
    """One direction of one connection."""

    source: str
    destination: str
    data: bytes


class _Segment(msgspec.Struct, frozen=True):
    ends: tuple[str, str]
    sequence: int
    is_first: bool
    data: bytes


def is_capture(data: bytes) -> bool:
    """Whether these bytes begin as a capture does."""
    return data[:4] in _ORDERS or data[:4] == _PCAPNG


def streams_of(data: bytes) -> list[Stream]:
    """Every direction that carried something, in the order they began.

    Raises:
        UnreadableError: a capture of another kind.
    """
    if data[:4] == _PCAPNG:
        raise UnreadableError(
            "this capture is a pcapng. Next: tcpdump -r FILE -w new.pcap writes it as pcap"
        )
    order = _ORDERS[data[:4]]
    if len(data) < _GLOBAL_BYTES:
        raise UnreadableError("the capture ends in its header. Next: capture again")
    (link,) = struct.unpack(order + "I", data[20:24])
    if link & 0xFFFF not in _LINK_BYTES:
        raise UnreadableError(
            f"the capture's link type {link} is not read here. Next: capture with tcpdump -i lo"
        )
    segments: dict[tuple[str, str], list[_Segment]] = {}
    for packet in _packets(data, order):
        segment = _segment(packet, link & 0xFFFF)
        if segment is not None and (segment.data or segment.is_first):
            segments.setdefault(segment.ends, []).append(segment)
    streams = (Stream(*ends, _joined(parts)) for ends, parts in segments.items())
    return [stream for stream in streams if stream.data]


def payload_in(packet: bytes) -> bytes:
    """What a packet carries over TCP, whatever its link; empty where it is no packet."""
    for link, head in _TELLING:
        begins = packet[: _LINK_BYTES[link]]
        if not begins.endswith(head) or len(packet) <= len(begins) + 20:
            continue
        ip = packet[len(begins) :]
        is_whole = ip[0] >> 4 == 4 and int.from_bytes(ip[2:4]) <= len(ip) and ip[0] & 0x0F >= 5
        if is_whole and (segment := _segment(packet, link)) is not None:
            return segment.data
    return b""


def _packets(data: bytes, order: str) -> Iterator[bytes]:
    position = _GLOBAL_BYTES
    while position + _PACKET_BYTES <= len(data):
        (size,) = struct.unpack(order + "I", data[position + 8 : position + 12])
        start = position + _PACKET_BYTES
        position = start + size
        yield data[start:position]


def _segment(packet: bytes, link: int) -> _Segment | None:
    """The TCP segment of a packet, None where it holds none."""
    start = _LINK_BYTES[link]
    if link == _ETHERNET:
        while int.from_bytes(packet[start - 2 : start]) in _VLAN:
            start += 4
    ip = packet[start:]
    if len(ip) < 20:
        return None
    if ip[0] >> 4 == 4:
        head, total = (ip[0] & 0x0F) * 4, int.from_bytes(ip[2:4])
        is_part = int.from_bytes(ip[6:8]) & 0x3FFF
        if ip[9] != _TCP or is_part:
            return None
        source, target = (".".join(map(str, ip[at : at + 4])) for at in (12, 16))
    elif ip[0] >> 4 == 6:
        head, total = 40, 40 + int.from_bytes(ip[4:6])
        if ip[6] != _TCP:
            return None
        source, target = (f"[{ip[at : at + 16].hex(':', 2)}]" for at in (8, 24))
    else:
        return None
    tcp = ip[head : total if total > head else len(ip)]
    if len(tcp) < 20:
        return None
    ports = int.from_bytes(tcp[0:2]), int.from_bytes(tcp[2:4])
    return _Segment(
        (f"{source}:{ports[0]}", f"{target}:{ports[1]}"),
        int.from_bytes(tcp[4:8]),
        bool(tcp[13] & 0x02),
        tcp[(tcp[12] >> 4) * 4 :],
    )


def _joined(segments: list[_Segment]) -> bytes:
    """The stream, up to the first byte that is missing."""
    first = next((each for each in segments if each.is_first), None)
    base = (first.sequence + 1) % _SEQUENCES if first is not None else segments[0].sequence

    def offset(segment: _Segment) -> int:
        distance = (segment.sequence + segment.is_first - base) % _SEQUENCES
        return distance - _SEQUENCES if distance >= _AHEAD_MAX else distance

    told = sorted((each for each in segments if each.data), key=offset)
    if told and first is None:
        least = offset(told[0])
        placed = [(offset(each) - least, each.data) for each in told]
    else:
        placed = [(offset(each), each.data) for each in told]
    stream = b""
    for start, data in itertools.takewhile(lambda each: bool(each[1]), placed):
        if start > len(stream):
            break
        stream += data[len(stream) - start :] if start + len(data) > len(stream) else b""
    return stream
