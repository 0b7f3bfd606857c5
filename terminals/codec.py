"""ISO 8583 bodies and values: pyiso8583 behind one door.

A dialect's specification belongs to pyiso8583 and the library is its meaning. On the hot path
run functions compiled from the same specification (`terminals.compiled`); everything they do
not recognise comes here to the library, and its answer wins. Beyond the library the house asks
four things of a body, because the library would let them pass or fail without a place:

- a bit of the bitmap without a field in the dialect (bit 1, the second bitmap, among them) is
  refused before anything is read by it;
- digits are decimal digits;
- fixed text is printable ASCII;
- the pad nibble of an odd number of digits may also be the one `pad_also` names.
"""

from typing import Final

import iso8583

from terminals.compiled import (
    FastDecode,
    FastEncode,
    Fields,
    bitmap_of,
    decoder,
    encoder,
    numbers_of,
)
from terminals.formats import FieldSpec, Spec
from terminals.message import Message

FAST_FORMS_MAX: Final = 512
"""Bitmaps with a compiled form, each way. Real terminals use some dozens; whoever sends us
thousands of different ones is served by the library, more slowly."""
_HEAD_BYTES: Final = 10
"""Message type and bitmap."""


class DecodeError(ValueError):
    """Bytes of the other side that are no message of this dialect.

    `field` is the field's number (`t` the message type, `p` the bitmap), `position` the byte
    of the body, `partial` what was read well. `message` is set by a dialect when that is enough
    to answer (a format error); without it the bytes are dropped. Values never enter the text.
    """

    __slots__ = ("field", "message", "partial", "position", "why")

    def __init__(self, field: str, position: int, why: str, partial: Fields | None = None) -> None:
        super().__init__(f"field {field} at byte {position}: {why}")
        self.field = field
        self.position = position
        self.why = why
        self.partial = partial or {}
        self.message: Message | None = None


class EncodeError(ValueError):
    """Values of ours that do not fit the dialect: a bug here, not at the other side."""

    __slots__ = ("field", "why")

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"field {field}: {why}")
        self.field = field
        self.why = why


class Codec:
    """Reads and writes the bodies of one specification. See `compile_spec`."""

    __slots__ = ("_decoders", "_encoders", "_known", "_names", "_spec")

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        numbers = [number for number in range(2, 65) if spec[str(number)]["max_len"]]
        self._names = frozenset(str(number) for number in numbers)
        self._known = bitmap_of(numbers)
        self._decoders: dict[bytes, FastDecode] = {}
        self._encoders: dict[tuple[str, ...], FastEncode] = {}

    def decode(self, body: bytes) -> Fields:
        """The values of a body (message type to last field), with `t` and `p`.

        Raises:
            DecodeError: the body is no message of this dialect.
        """
        fast = self._decoders.get(body[2:10])
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
            body = fast(fields)
            if body is not None:
                return body
        return self.encode_by_library(fields)

    def decode_by_library(self, body: bytes) -> Fields:
        """As `decode`, by pyiso8583 alone: what the compiled form is measured against."""
        unknown = self._first_unknown(body)
        if unknown:
            raise self._unknown_field(body, unknown)
        fields, encoded, refused = self._library_decode(body)
        if refused is not None:
            raise refused
        self._check_values(fields, encoded)
        self._learn_to_decode(body[2:_HEAD_BYTES])
        return fields

    def encode_by_library(self, fields: Fields) -> bytes:
        """As `encode`, by pyiso8583 alone: what the compiled form is measured against."""
        self._check_names(fields)
        for name, value in fields.items():
            if name != "p" and (why := _fault(self._spec[name], value)):
                raise EncodeError(name, why)
        body = self._library_encode(fields)
        self._learn_to_encode(tuple(fields))
        return body

    def _first_unknown(self, body: bytes) -> int:
        """The first field announced that the dialect does not have, 0 when there is none."""
        if len(body) < _HEAD_BYTES:
            raise DecodeError("p", len(body), "the body ends before its bitmap does")
        unknown = int.from_bytes(body[2:_HEAD_BYTES]) & ~self._known
        return numbers_of(unknown)[0] if unknown else 0

    def _unknown_field(self, body: bytes, unknown: int) -> DecodeError:
        """The refusal of a field the dialect does not have, with what stands before it."""
        position = 2 + (unknown - 1) // 8
        if unknown == 1:
            head = self._sound({"t": body[:2].hex().upper()})
            return DecodeError("1", position, "there is no second bitmap", head)
        fields, _, refused = self._library_decode(body)
        if refused is not None:
            if int(refused.field) < unknown:
                return refused
            fields = refused.partial
        names = [name for name in fields if name == "t" or (name != "p" and int(name) < unknown)]
        before = {name: fields[name] for name in names}
        why = "the bitmap announces a field this dialect does not have"
        return DecodeError(str(unknown), position, why, self._sound(before))

    def _learn_to_decode(self, bitmap: bytes) -> None:
        if bitmap not in self._decoders and len(self._decoders) < FAST_FORMS_MAX:
            fast = decoder(self._spec, numbers_of(int.from_bytes(bitmap)))
            if fast is not None:
                self._decoders[bitmap] = fast

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
        read = {n: text for n, text in fault.doc_dec.items() if n not in {"p", fault.field}}
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
        sound = self._sound(fields)
        if len(sound) == len(fields):
            return
        field = next(name for name in fields if name not in sound)
        position = 0
        for name in fields:
            if name == field:
                break
            position += len(encoded[name]["len"]) + len(encoded[name]["data"])
        position += len(encoded[field]["len"])
        raise DecodeError(field, position, _fault(self._spec[field], fields[field]), sound)

    def _sound(self, fields: Fields) -> Fields:
        """The fields the house holds nothing against."""
        return {n: text for n, text in fields.items() if not _fault(self._spec[n], text)}

    def _check_names(self, fields: Fields) -> None:
        if "t" not in fields:
            raise EncodeError("t", "a message has a type")
        for name, value in fields.items():
            if name not in {"t", "p"} and name not in self._names:
                raise EncodeError(name, "this dialect has no such field")
            if not isinstance(value, str):
                raise EncodeError(name, f"a value is text, not {type(value).__name__}")

    def _library_encode(self, fields: Fields) -> bytes:
        try:
            return bytes(iso8583.encode(dict(fields), self._spec)[0])
        except iso8583.EncodeError as error:
            field, why = error.field, error.msg[:1].lower() + error.msg[1:]
        raise EncodeError(field, why)


def compile_spec(spec: Spec) -> Codec:
    """The codec of a specification made by `terminals.formats.specification`."""
    assert spec["t"]["data_enc"] == spec["p"]["data_enc"] == "b"
    assert spec["h"]["max_len"] == 0
    return Codec(spec)


def _fault(field: FieldSpec, text: str) -> str:
    """What the house holds against a value the library takes; empty when nothing."""
    if field.get("digits") and text and not (text.isascii() and text.isdigit()):
        return "not all are decimal digits"
    if field["data_enc"] == "ascii" and not (text.isascii() and text.isprintable()):
        return "not all are printable ASCII characters"
    return ""
