"""Where an ISO 8583 message ends by its own word, for lines that put no length in front.

The bitmap says which fields follow and each field how long it is, so a stream of messages can be
cut without any other framing. A bit or a length the dialect does not have leaves no way to find
the next message: the stream has lost its step, as after a wrong length.
"""

from typing import Final

from terminals.fast_forms import Head, numbers_of
from terminals.formats import FIELD_NUMBER_MAX, Spec

_PRIMARY_MAX: Final = 64


class Extent:
    """Measures messages of one specification that begin after `start` bytes of their own."""

    __slots__ = ("_fields", "_first", "_has_second", "_head", "_start")

    def __init__(self, spec: Spec, start: int) -> None:
        self._start = start
        self._head = Head.of(spec)
        self._first = start + self._head.type_bytes
        self._fields = {
            number: row
            for number in range(2, FIELD_NUMBER_MAX + 1)
            if (row := spec[str(number)])["max_len"]
        }
        self._has_second = max(self._fields) > _PRIMARY_MAX

    def measure(self, data: bytes, start: int) -> int:
        """The size of the message that begins here; 0 while too little of it has come.

        Raises:
            ValueError: it is no message of this specification.
        """
        at = start + self._first
        bits, at = self._bitmap(data, at)
        if not at:
            return 0
        numbers = numbers_of(bits, _PRIMARY_MAX)
        if self._has_second and 1 in numbers:
            more, at = self._bitmap(data, at)
            if not at:
                return 0
            numbers = [*numbers[1:], *(n + _PRIMARY_MAX for n in numbers_of(more, _PRIMARY_MAX))]
        for number in numbers:
            at = self._after(number, data, at)
            if not at:
                return 0
        return at - start if at <= len(data) else 0

    def _bitmap(self, data: bytes, at: int) -> tuple[int, int]:
        """What a bitmap says and where it ends; that is 0 when it has not come whole."""
        end = at + self._head.bitmap_bytes
        if end > len(data):
            return 0, 0
        text = data[at:end]
        return (int.from_bytes(text) if len(text) == 8 else int(text, 16)), end

    def _after(self, number: int, data: bytes, at: int) -> int:
        """Where a field ends; 0 when its length has not come yet."""
        field = self._fields.get(number)
        if field is None:
            raise ValueError(f"field {number} is not in this dialect")
        size = field["max_len"]
        if field["len_type"]:
            end = at + field["len_type"]
            if end > len(data):
                return 0
            said = data[at:end]
            text = said.hex() if field["len_enc"] == "bcd" else said.decode("ascii")
            if not text.isdigit() or int(text) > size:
                raise ValueError(f"field {number} is longer than it may be")
            size, at = int(text), end
        return at + ((size + 1) // 2 if field.get("len_count") == "nibbles" else size)
