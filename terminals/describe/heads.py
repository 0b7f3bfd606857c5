"""What may stand before the message type, and where it is found when nobody says how long it is.

A terminal's TPDU and header, a gateway's preamble, a host's header of its own: each may be absent
or of another size than our channels have it. Every place where a message type could stand makes
one more head to read the message with; the reading that comes out best tells which was right.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

TPDU_BYTES: Final = 5
HEADER_BYTES: Final = 6
_PREAMBLE_BYTES_MAX: Final = 64
_LENGTH_BYTE_MAX: Final = 0x20
"""The first of two bytes of length is below this: no frame is longer."""
_TPDU_KINDS: Final = frozenset({0x60, 0x68})
"""First byte of a TPDU: of a transaction, and of one behind an encrypting gateway."""
_HEADER_CLASSES: Final = frozenset(range(0x60, 0x70))
"""First byte of a header: the class of the application."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the message type, in bytes."""

    preamble: int = 0
    tpdu: int = 0
    header: int = 0

    @property
    def size(self) -> int:
        """All of it."""
        return self.preamble + self.tpdu + self.header

    @property
    def parts(self) -> tuple[tuple[str, str, int], ...]:
        """Name, label and size of what is there."""
        rows = (
            ("preamble", "preamble", self.preamble),
            ("tpdu", "TPDU", self.tpdu),
            ("header", "header", self.header),
        )
        return tuple(row for row in rows if row[2])


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of the head; None where it is to be found out."""

    preamble: int | None = None
    tpdu: int | None = None
    header: int | None = None
    has_no_length: bool = False
    """What stands first is no length, not even a wrong one."""

    def takes(self, head: Head) -> bool:
        """Whether a head is as it was said."""
        said = ((self.preamble, head.preamble), (self.tpdu, head.tpdu), (self.header, head.header))
        return all(wanted in {None, size} for wanted, size in said)


USUAL_POS: Final = Head(tpdu=TPDU_BYTES, header=HEADER_BYTES)
USUAL_ASCII: Final = Head()


def heads_of(data: bytes, start: int, *, is_packed: bool, asked: Asked) -> list[Head]:
    """The heads worth a try, the usual one first; what was asked is tried whatever stands there."""
    usual = USUAL_POS if is_packed else USUAL_ASCII
    told = Head(
        preamble=asked.preamble or 0,
        tpdu=usual.tpdu if asked.tpdu is None else asked.tpdu,
        header=usual.header if asked.header is None else asked.header,
    )
    guessed = _packed(data, start) if is_packed else _written(data, start)
    heads = [told, *(head for head in guessed if asked.takes(head))]
    if start == 0 and not asked.has_no_length:
        heads = [head for head in heads if head is told or not _may_be_length(data, head)]
    return list(dict.fromkeys(heads))


def _may_be_length(data: bytes, head: Head) -> bool:
    """Whether a guessed head begins with what is a length, though perhaps a wrong one."""
    if not head.preamble and (head.tpdu or not head.header):
        return False
    return data[0] < _LENGTH_BYTE_MAX or data[:4].isdigit()


def _packed(data: bytes, start: int) -> Iterator[Head]:
    """Digits two a byte: with TPDU or header or neither, and a preamble before a TPDU."""
    for preamble in range(min(_PREAMBLE_BYTES_MAX, len(data) - start) + 1):
        at = start + preamble
        has_tpdu = data[at : at + 1] != b"" and data[at] in _TPDU_KINDS
        for tpdu, header in (
            (TPDU_BYTES, HEADER_BYTES),
            (TPDU_BYTES, 0),
            (0, HEADER_BYTES),
            (0, 0),
        ):
            if (tpdu and not has_tpdu) or (preamble and not tpdu):
                continue
            if header and data[at + tpdu : at + tpdu + 1] not in _FIRST_OF_HEADER:
                continue
            if is_message_type(data[at + tpdu + header :][:2].hex()):
                yield Head(preamble=preamble, tpdu=tpdu, header=header)


def _written(data: bytes, start: int) -> Iterator[Head]:
    """Digits as characters: a header of any size."""
    for size in range(1, _PREAMBLE_BYTES_MAX + 1):
        if is_message_type(data[start + size :][:4].decode("latin-1")):
            yield Head(header=size)


def is_message_type(mti: str) -> bool:
    """Whether four characters can be a message type of ISO 8583:1987."""
    return (
        len(mti) == 4
        and mti[0] == "0"
        and mti[1] in "12345678"
        and mti[2] in "01234"
        and mti[3] in "012345"
    )


_FIRST_OF_HEADER: Final = frozenset(bytes((first,)) for first in _HEADER_CLASSES)
