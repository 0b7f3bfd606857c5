"""ISO 8583 bodies and values: pyiso8583 behind one door.

A dialect's specification belongs to pyiso8583 and the library is its meaning. On the hot path
run functions compiled from the same specification (`terminals.compiled`); everything they do
not recognise comes here to the library, and its answer wins. Beyond the library the house asks
this of a body, because the library would let it pass or fail without a place:

- a bit of the bitmap without a field in the dialect (bit 1, the second bitmap, among them where
  the dialect has no field above 64) is refused before anything is read by it;
- digits are decimal digits, in lengths too, and hexadecimal is hexadecimal;
- fixed text is printable ASCII;
- the pad nibble of an odd number of digits may also be the one `pad_also` names.

A second bitmap may be empty: it is read, and not written again.
"""

from binascii import unhexlify
from collections.abc import Iterable
from typing import Final

import iso8583

from terminals.compiled import FastDecode, FastEncode, Fields, decoder, encoder
from terminals.extent import Extent
from terminals.fast_forms import Head, bitmap_of, numbers_of
from terminals.formats import FIELD_NUMBER_MAX, FieldSpec, Spec
from terminals.framing import Measure
from terminals.message import AnyMessage, Place

FAST_FORMS_MAX: Final = 512
"""Bitmaps with a compiled form, each way. Real terminals use some dozens; whoever sends us
thousands of different ones is served by the library, more slowly."""
FIRST_MAC: Final = "64"
SECOND_MAC: Final = "128"
"""Where a message authentication code stands, by whether there is a second bitmap."""
_PRIMARY_MAX: Final = 64
_BITMAP_BYTES: Final = 8
_MORE_BITMAPS: Final = frozenset({1, 65})
"""Bits that announce a bitmap: where the dialect has none, nothing behind it is in its place."""
_HEXADECIMAL: Final = frozenset("0123456789ABCDEFabcdef")
_FRAME: Final = frozenset({"t", "p", "1"})
"""What stands beside the fields: message type and bitmaps."""


class DecodeError(ValueError):
    """Bytes of the other side that are no message of this dialect.

    `field` is the field's number (`t` the message type, `p` the bitmap), `position` the byte
    of the body, before which its dialect counts `before` bytes, `partial` what was read well.
    `message` is set by a dialect when that is enough to answer (a format error); without it the
    bytes are dropped. Values never enter the text.
    """

    __slots__ = ("before", "field", "message", "partial", "position", "why")

    def __init__(self, field: str, position: int, why: str, partial: Fields | None = None) -> None:
        super().__init__(f"field {field} at byte {position}: {why}")
        self.field = field
        self.position = position
        self.why = why
        self.partial = partial or {}
        self.before = 0
        self.message: AnyMessage | None = None

    @property
    def place(self) -> Place:
        """Where the payload has it."""
        return Place(self.field, self.before + self.position)


class EncodeError(ValueError):
    """Values of ours that do not fit the dialect: a bug here, not at the other side."""

    __slots__ = ("field", "why")

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"field {field}: {why}")
        self.field = field
        self.why = why


class Codec:
    """Reads and writes the bodies of one specification. See `compile_spec`."""

    __slots__ = (
        "_bitmap",
        "_bitmaps",
        "_decoders",
        "_encoders",
        "_has_second",
        "_head",
        "_known",
        "_names",
        "_spec",
        "_writers",
        "tag_bytes",
    )

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        numbers = [n for n in range(2, FIELD_NUMBER_MAX + 1) if spec[str(n)]["max_len"]]
        self._has_second = numbers[-1] > _PRIMARY_MAX
        self._names = frozenset(str(number) for number in numbers)
        self._known = bitmap_of(([1] if self._has_second else []) + numbers, FIELD_NUMBER_MAX)
        self._head = Head.of(spec)
        start, size = self._head.type_bytes, self._head.bitmap_bytes
        self._bitmap = slice(start, start + size)
        self._bitmaps = slice(start, start + 2 * size)
        self.tag_bytes = spec[FIRST_MAC]["max_len"]
        """How much room a message authentication code takes on the wire."""
        self._decoders: dict[bytes, FastDecode] = {}
        """By the bitmap as it stands on the wire, or by both where there are two."""
        self._encoders: dict[tuple[str, ...], FastEncode] = {}
        self._writers: dict[tuple[tuple[str, ...], frozenset[str], str], FastEncode] = {}

    @property
    def spec(self) -> Spec:
        """What it was made from."""
        return self._spec

    @property
    def head_bytes(self) -> int:
        """Message type and first bitmap: no body is shorter."""
        return self._bitmap.stop

    def measure_after(self, start: int) -> Measure:
        """What finds the end of a message that has so many bytes before its type."""
        return Extent(self._spec, start).measure

    def mac_field(self, fields: Iterable[str]) -> str:
        """Which field of a message with these others holds its code: the last there can be."""
        if self._has_second and any(
            name not in _FRAME and int(name) > _PRIMARY_MAX for name in fields
        ):
            return SECOND_MAC
        return FIRST_MAC

    def decode(self, body: bytes) -> Fields:
        """The values of a body (message type to last field), with `t` and `p`.

        Raises:
            DecodeError: the body is no message of this dialect.
        """
        fast = self._decoders.get(body[self._bitmap])
        if fast is None and self._has_second:
            fast = self._decoders.get(body[self._bitmaps])
        if fast is not None:
            fields = fast(body)
            if fields is not None:
                return fields
        return self.decode_by_library(body)

    def encode(self, fields: Fields) -> bytes:
        """The body with these values; `t` is the message type, a `p` is ignored.

        Raises:
            EncodeError: a value does not fit its field, or there is no such field.
        """
        names = tuple(fields)
        fast = self._encoders.get(names)
        if fast is not None:
            body = fast(fields.values())
            if body is not None:
                return body
        return self.encode_by_library(fields)

    def writer(
        self, names: tuple[str, ...], *, sound: frozenset[str], last: str = ""
    ) -> FastEncode:
        """What writes values under these keys, in their order, for whoever does so all the time.

        It gives None for what is `encode`'s to say: see `terminals.compiled.encoder`.
        """
        key = names, sound, last
        made = self._writers.get(key)
        if made is None:
            if len(self._writers) >= FAST_FORMS_MAX:
                return _write_nothing
            made = encoder(self._spec, names, sound=sound, last=last) or _write_nothing
            self._writers[key] = made
        return made

    def decode_by_library(self, body: bytes) -> Fields:
        """As `decode`, by pyiso8583 alone: what the compiled form is measured against."""
        bitmap = self._read_bitmaps(body)
        unknown = numbers_of(bitmap & ~self._known, FIELD_NUMBER_MAX)
        if unknown:
            raise self._unknown_field(body, unknown)
        fields, encoded, refused = self._library_decode(body)
        if refused is not None:
            raise refused
        self._check_values(fields, encoded)
        self._learn_to_decode(body, numbers_of(bitmap, FIELD_NUMBER_MAX))
        return fields

    def encode_by_library(self, fields: Fields) -> bytes:
        """As `encode`, by pyiso8583 alone: what the compiled form is measured against."""
        self._check_names(fields)
        for name, value in fields.items():
            if name not in {"p", "1"} and (why := fault_of(self._spec[name], value)):
                raise EncodeError(name, why)
        body = self._library_encode(fields)
        self._learn_to_encode(tuple(fields))
        return body

    def _read_bitmaps(self, body: bytes) -> int:
        """Both bitmaps as one number of 128 bits; the second is all zeros where there is none."""
        first = self._read_bitmap("p", body, self._bitmap)
        both = first << _PRIMARY_MAX
        if self._has_second and both & ~self._known == 0 and first >> (_PRIMARY_MAX - 1):
            both |= self._read_bitmap("1", body, slice(self._bitmap.stop, self._bitmaps.stop))
        return both

    def _read_bitmap(self, name: str, body: bytes, place: slice) -> int:
        if len(body) < place.stop:
            raise DecodeError(name, len(body), "the body ends before its bitmap does")
        raw = body[place]
        if self._head.bitmap_bytes == _BITMAP_BYTES:
            return int.from_bytes(raw)
        try:
            return int.from_bytes(unhexlify(raw))
        except ValueError:
            pass
        raise DecodeError(name, place.start, "the bitmap is not hexadecimal")

    def _unknown_field(self, body: bytes, numbers: list[int]) -> DecodeError:
        """The refusal of the first field the dialect does not have, with what stands before it."""
        unknown = numbers[0]
        position = self._bitmap.start + (unknown - 1) * self._head.bitmap_bytes // _PRIMARY_MAX
        if not _MORE_BITMAPS.isdisjoint(numbers):
            head = body[: self._bitmap.start]
            mti = head.hex().upper() if self._head.is_packed else head.decode("latin-1")
            why = "the bitmap announces another that this dialect does not have"
            return DecodeError(str(unknown), position, why, self._sound({"t": mti}))
        fields, _, refused = self._library_decode(body)
        if refused is not None:
            if refused.field == "t" or _is_before(refused.field, unknown):
                return refused
            fields = refused.partial
        before = {n: text for n, text in fields.items() if n == "t" or _is_before(n, unknown)}
        why = "the bitmap announces a field this dialect does not have"
        return DecodeError(str(unknown), position, why, self._sound(before))

    def _learn_to_decode(self, body: bytes, numbers: list[int]) -> None:
        bitmaps = body[self._bitmaps if 1 in numbers else self._bitmap]
        if bitmaps not in self._decoders and len(self._decoders) < FAST_FORMS_MAX:
            fast = decoder(self._spec, numbers)
            if fast is not None:
                self._decoders[bitmaps] = fast

    def _learn_to_encode(self, names: tuple[str, ...]) -> None:
        if names not in self._encoders and len(self._encoders) < FAST_FORMS_MAX:
            fast = encoder(self._spec, names)
            if fast is not None:
                self._encoders[names] = fast

    def _library_decode(
        self, body: bytes
    ) -> tuple[Fields, dict[str, dict[str, bytes]], DecodeError | None]:
        """Ask the library, again after each foreign pad nibble that is allowed.

        Its exception is given back as ours rather than chained: it holds the body.
        """
        while True:
            try:
                fields, encoded = iso8583.decode(body, self._spec)
            except iso8583.DecodeError as error:
                fault = error
            else:
                return fields, encoded, None
            repadded = self._with_our_pad(body, fault)
            if repadded is None:
                break
            body = repadded
        read = {n: text for n, text in fault.doc_dec.items() if n not in {"p", "1", fault.field}}
        why = fault.msg[:1].lower() + fault.msg[1:]
        return {}, {}, DecodeError(fault.field, fault.pos, why, self._sound(read))

    def _with_our_pad(self, body: bytes, fault: iso8583.DecodeError) -> bytes | None:
        """The body with the pad nibble the library wants, if the pad is all that is wrong."""
        field = self._spec[fault.field]
        length = fault.doc_enc[fault.field]["len"].hex()
        data = fault.doc_enc[fault.field]["data"].hex().upper()
        if "pad_also" not in field or not length.isdigit() or len(data) != int(length) + 1:
            return None
        if data[-1] != field["pad_also"]:
            return None
        end = fault.pos + len(data) // 2
        last = bytes.fromhex(data[-2] + field["right_pad"])
        return body[: end - 1] + last + body[end:]

    def _check_values(self, fields: Fields, encoded: dict[str, dict[str, bytes]]) -> None:
        sound = self._sound(fields, encoded)
        if len(sound) == len(fields):
            return
        field = next(name for name in fields if name not in sound)
        position = 0
        for name in fields:
            if name == field:
                break
            position += len(encoded[name]["len"]) + len(encoded[name]["data"])
        why = fault_of(self._spec[field], fields[field])
        if why:
            position += len(encoded[field]["len"])
        raise DecodeError(field, position, why or "the length is not decimal digits", sound)

    def _sound(self, fields: Fields, encoded: dict[str, dict[str, bytes]] | None = None) -> Fields:
        """The fields the house holds nothing against, their lengths included where given."""
        lengths = {name: parts["len"] for name, parts in (encoded or {}).items()}
        return {
            name: text
            for name, text in fields.items()
            if not fault_of(self._spec[name], text)
            and _length_is_digits(self._spec[name], lengths.get(name, b""))
        }

    def _check_names(self, fields: Fields) -> None:
        if "t" not in fields:
            raise EncodeError("t", "a message has a type")
        for name, value in fields.items():
            if name not in self._names and (name not in _FRAME or self._is_no_bitmap(name)):
                raise EncodeError(name, "this dialect has no such field")
            if not isinstance(value, str):
                raise EncodeError(name, f"a value is text, not {type(value).__name__}")

    def _is_no_bitmap(self, name: str) -> bool:
        return name == "1" and not self._has_second

    def _library_encode(self, fields: Fields) -> bytes:
        try:
            return bytes(iso8583.encode(dict(fields), self._spec)[0])
        except iso8583.EncodeError as error:
            field, why = error.field, error.msg[:1].lower() + error.msg[1:]
        raise EncodeError(field, why)


def _write_nothing(_values: Iterable[str]) -> None:
    """What has no compiled form."""


def compile_spec(spec: Spec) -> Codec:
    """The codec of a specification made by `terminals.formats.specification`."""
    assert spec["t"]["data_enc"] == "ascii" or spec["t"]["data_enc"] == spec["p"]["data_enc"] == "b"
    assert spec["h"]["max_len"] == 0
    return Codec(spec)


def fault_of(field: FieldSpec, text: str) -> str:
    """What the house holds against a value the library takes; empty when nothing."""
    if field.get("digits") and text and not (text.isascii() and text.isdigit()):
        return "not all are decimal digits"
    if field.get("hexadecimal") and (len(text) % 2 or not set(text) <= _HEXADECIMAL):
        return "not bytes in hexadecimal"
    if field["data_enc"] == "ascii" and not (text.isascii() and text.isprintable()):
        return "not all are printable ASCII characters"
    return ""


def _length_is_digits(field: FieldSpec, length: bytes) -> bool:
    """The library takes signs, spaces and underscores for a length in characters."""
    return field["len_enc"] != "ascii" or not length or length.isdigit()


def _is_before(name: str, number: int) -> bool:
    return name not in _FRAME and int(name) < number
