"""Messages out of field logs, `<field id="11" value="000001"/>` as jPOS writes them.

Such a log has the values and not the bytes, so the message is composed again, in each dialect that
takes the values. What the log itself covers cannot be composed: it is left out, and that is said.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from terminals.codec import Codec, EncodeError
from terminals.describe.errors import UnreadableError

_MESSAGE: Final = re.compile(r"<isomsg\b.*?</isomsg>|<field\b.*", re.DOTALL)
_FIELD: Final = re.compile(r"<field\b([^>]*)>")
_ATTRIBUTE: Final = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_COVERED: Final = re.compile(r"[_*]{2,}|\[WIPED\]", re.IGNORECASE)
_TRACK: Final = "35"


class Composed(msgspec.Struct, frozen=True):
    """One message of a log, by each dialect that takes its values."""

    ways: tuple[bytes, ...]
    left_out: tuple[str, ...] = ()
    """Fields that the log covers."""

    def __repr__(self) -> str:
        return f"<{len(self.ways)} ways to write a message>"


def composed_of(text: str) -> list[Composed]:
    """The messages of a log of fields; none where it is no such log.

    Raises:
        UnreadableError: no dialect takes the values of one.
    """
    return [_composed(fields) for fields in _logged(text)]


def _logged(text: str) -> Iterator[dict[str, str]]:
    for message in _MESSAGE.findall(text):
        fields: dict[str, str] = {}
        for attributes in _FIELD.findall(message):
            told = {name: html.unescape(a or b) for name, a, b in _ATTRIBUTE.findall(attributes)}
            if told.get("id", "").isdecimal() and "value" in told:
                fields[str(int(told["id"]))] = told["value"]
        if "0" in fields:
            yield fields


def _composed(fields: dict[str, str]) -> Composed:
    covered = tuple(name for name, value in fields.items() if _COVERED.search(value))
    clear = {name: value for name, value in fields.items() if name not in {"0", "1", *covered}}
    values = {"t": fields["0"]} | dict(sorted(clear.items(), key=lambda item: int(item[0])))
    ways, refused = [], ""
    for codec, separator in _codecs():
        track = {_TRACK: values[_TRACK].replace("=", separator)} if _TRACK in values else {}
        try:
            ways.append(codec.encode(values | track))
        except EncodeError as error:
            refused = refused or str(error)
    if not ways:
        raise UnreadableError(
            f"no dialect takes the fields of this log ({refused}). Next: give the bytes themselves"
        )
    return Composed(tuple(ways), covered)


def _codecs() -> tuple[tuple[Codec, str], ...]:
    """Of ISO 8583 dialects, each with its separator of tracks; made late, as readers are."""
    from terminals.dialects import ascii87_fields, pos

    return ((pos.POS.codec, "D"), (ascii87_fields.BINARY, "="), (ascii87_fields.HEXADECIMAL, "="))
