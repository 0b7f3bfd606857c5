"""A till of another make: writes and reads the packed POS dialect without a line of ours.

Written from the field tables of the dialect as its terminals publish them. The codec under test
takes no part in it, so a fault there cannot hide behind the same fault here; a test holds this
folder to that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Fields = dict[str, str]
Tag = Callable[[bytes], bytes]
"""The 8 bytes of F64 over message type to F63, the bitmap with its bit 64 set."""

TPDU: Final = bytes.fromhex("6000030000")
HEADER: Final = bytes.fromhex("603100311000")
MAC_FIELD: Final = 64
TEXT: Final = "gb18030"

FORMS: Final = {
    2: "n..", 3: "n6", 4: "n12", 11: "n6", 12: "n6", 13: "n4", 14: "n4", 15: "n4", 22: "n3<",
    23: "n3>", 24: "n3>", 25: "n2", 26: "n2", 32: "n..", 33: "n..", 35: "n..", 36: "n...",
    37: "a12", 38: "a6", 39: "a2", 41: "a8", 42: "a15", 44: "a..", 48: "n...", 49: "a3",
    52: "b8", 53: "n16", 54: "a...", 55: "b...", 58: "b...", 59: "a...", 60: "n...", 61: "n...",
    62: "b...", 63: "a...", 64: "b8",
}  # fmt: skip
"""n: nibbles, two a byte; a: characters; b: bytes, here as hexadecimal. Behind it the size, where
an odd one stands in its bytes (< left, > right), or one dot a digit of the length in front."""


class UnheardError(ValueError):
    """What came is not of the dialect, or has more bytes than fields."""


@dataclass(frozen=True)
class Heard:
    """A message taken apart."""

    tpdu: bytes
    header: bytes
    body: bytes
    """Message type to the last field."""
    fields: Fields
    """By number, `t` the message type."""

    @property
    def mti(self) -> str:
        return self.fields["t"]

    @property
    def stan(self) -> str:
        return self.fields["11"]

    @property
    def terminal_id(self) -> str:
        return self.fields["41"]

    def is_sealed_by(self, tag: Tag) -> bool:
        """Whether F64 is what `tag` gives over all that stands before it."""
        return self.body[:-8] != b"" and self.body[-8:] == tag(self.body[:-8])


def say(
    fields: Fields, tag: Tag | None = None, *, tpdu: bytes = TPDU, header: bytes = HEADER
) -> bytes:
    """The payload of a frame: TPDU, header and body, sealed where a tag is given."""
    numbers = sorted(int(name) for name in fields if name not in {"t", "64"})
    present = [*numbers, MAC_FIELD] if tag or "64" in fields else numbers
    bitmap = sum(1 << (64 - number) for number in present).to_bytes(8, "big")
    written = [_write(FORMS[number], fields[str(number)]) for number in numbers]
    body = bytes.fromhex(fields["t"]) + bitmap + b"".join(written)
    if tag is not None:
        body += tag(body)
    elif "64" in fields:
        body += bytes.fromhex(fields["64"])
    return tpdu + header + body


def hear(payload: bytes) -> Heard:
    """A payload taken apart; raises UnheardError where it is none."""
    tpdu, header, body = payload[:5], payload[5:11], payload[11:]
    bitmap = int.from_bytes(body[2:10], "big")
    fields = {"t": body[:2].hex()}
    place = 10
    for number in range(1, 65):
        if bitmap >> (64 - number) & 1:
            if number not in FORMS:
                raise UnheardError(f"field {number} is none of the dialect")
            fields[str(number)], place = _read(FORMS[number], body, place)
    if place != len(body):
        raise UnheardError(f"{len(body) - place} bytes behind the last field")
    return Heard(tpdu, header, body, fields)


def framed(payload: bytes) -> bytes:
    """With its length in front, as on TCP."""
    return len(payload).to_bytes(2, "big") + payload


def _write(form: str, text: str) -> bytes:
    kind, dots = form[0], form.count(".")
    if kind == "n":
        data, size = _packed(text, form), len(text)
    else:
        data = bytes.fromhex(text) if kind == "b" else text.encode(TEXT)
        size = len(data)
    if dots:
        digits = 2 * (dots - 1)
        return bytes.fromhex(f"{size:0{digits}d}") + data
    assert size == int(form[1:].strip("<>")), f"{text!r} is no {form}"
    return data


def _packed(text: str, form: str) -> bytes:
    if len(text) % 2:
        text = f"0{text}" if form.endswith(">") else f"{text}0"
    return bytes.fromhex(text)


def _read(form: str, body: bytes, place: int) -> tuple[str, int]:
    kind, dots = form[0], form.count(".")
    if dots:
        start = place + dots - 1
        size = int(body[place:start].hex())
    else:
        start, size = place, int(form[1:].strip("<>"))
    end = start + ((size + 1) // 2 if kind == "n" else size)
    data = body[start:end]
    if len(data) != end - start:
        raise UnheardError(f"the message ends inside a field of form {form}")
    if kind == "n":
        nibbles = data.hex().upper()
        return (nibbles[-size:] if form.endswith(">") else nibbles[:size]), end
    return (data.hex().upper() if kind == "b" else data.decode(TEXT)), end
