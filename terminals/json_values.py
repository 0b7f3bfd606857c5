"""JSON objects of terminals: read once, checked strictly, and one canonical spelling of them.

An object is parsed a single time; what a code is computed over and what is acted upon come from
the same values, so no second reading can differ. The canonical spelling has its keys sorted at
every depth, no spaces, UTF-8 as it is: RFC 8785 for objects without fractions, which our
messages do not have.
"""

import binascii
import re
from typing import Annotated, Any, Final, TypeVar

import msgspec

from host.model.secrets import Pan, Secret
from host.model.voucher_codes import TYPED_CHARS_MAX
from terminals.codec import DecodeError
from terminals.phones import read_phone

T = TypeVar("T")

DateText = Annotated[
    str, msgspec.Meta(pattern=r"^20[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])\Z")
]
"""YYYYMMDD."""
TimeText = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]\Z")]
"""hhmmss."""
ExpiryText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2}(0[1-9]|1[0-2])\Z")]
"""YYMM."""
TerminalText = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{8}\Z")]
MerchantText = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{15}\Z")]
ReferenceText = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{12}\Z")]
"""An RRN."""
AuthText = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{1,6}\Z")]
EntryText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3}\Z")]
"""F22."""
AmountMinor = Annotated[int, msgspec.Meta(ge=0, le=999_999_999_999)]
"""F4 has twelve digits."""
GoodsText = Annotated[str, msgspec.Meta(max_length=30, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]
NoteText = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]*\Z")]


def read_object(payload: bytes) -> dict[str, Any]:
    """The object these bytes spell.

    Raises:
        DecodeError: no JSON, or no object. The text quotes nothing of it.
    """
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError("json", _position(error, payload), _why(error)) from None
    if not isinstance(value, dict):
        raise DecodeError("json", 0, "a message is one JSON object")
    return value


def converted(value: dict[str, Any], kind: type[T]) -> T:
    """The object as a struct of ours, every type and length of it checked.

    Raises:
        DecodeError: it is none; the text names the field and what was expected there.
    """
    try:
        return msgspec.convert(value, kind, strict=True, dec_hook=_hidden)
    except msgspec.ValidationError as error:
        why, _, place = str(error).partition(" - at `$.")
        if "unknown field" in why:
            why = "a field that such a message does not have"
        raise DecodeError(place.rstrip("`") or "json", 0, why[:1].lower() + why[1:]) from None


def position_in(payload: bytes, field: str) -> int:
    """Where an object has this member, by the last name of its path; 0 where it has none."""
    name = field.rpartition(".")[2].partition("[")[0]
    return max(0, payload.find(f'"{name}"'.encode()))


def canonical(value: object) -> bytes:
    """The one spelling of a value that authentication codes are computed over.

    Raises:
        ValueError, RecursionError: it cannot be spelled: a number too large, or too deep.
    """
    return msgspec.json.encode(value, order="sorted", enc_hook=_never)


def base64_bytes(text: str) -> bytes:
    """Base64 with padding, spelled in the one way it can be: no other character, no stray bits.

    Raises:
        ValueError: it is not.
    """
    try:
        value = binascii.a2b_base64(text)
    except ValueError:
        raise ValueError("expected base64") from None
    if binascii.b2a_base64(value, newline=False) != text.encode():
        raise ValueError("expected base64 without stray bits")
    return value


_CODE: Final = re.compile(rf"[ -~]{{1,{TYPED_CHARS_MAX}}}")
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")


class HexSecret(Secret):
    """A Secret whose JSON form is hexadecimal: PIN blocks of tills."""

    __slots__ = ()


class CodeSecret(Secret):
    """A Secret that was scanned or typed, as it is: a voucher's code."""

    __slots__ = ()


class PhoneSecret(Secret):
    """A Secret that is a phone number, in digits."""

    __slots__ = ()


def _hidden(kind: type, value: object) -> object:
    """Card numbers and secrets from their JSON form, as soon as they are read."""
    if not isinstance(value, str):
        raise ValueError(f"expected text, got {type(value).__name__}")  # noqa: TRY004 - msgspec's
    if kind is Pan:
        return Pan(value)
    if kind is HexSecret:
        if len(value) % 2 or not _HEXADECIMAL.issuperset(value):
            raise ValueError("expected hexadecimal bytes")
        return HexSecret.from_hex(value)
    if kind is CodeSecret:
        if not _CODE.fullmatch(value):
            raise ValueError("expected a code in printable ASCII")
        return CodeSecret(value.encode("ascii"))
    if kind is PhoneSecret:
        return PhoneSecret(read_phone(value).reveal())
    if kind is Secret:
        return Secret(base64_bytes(value))
    raise TypeError(f"no JSON form of {kind.__name__}")


def _never(value: object) -> object:
    raise ValueError(f"{type(value).__name__} is never written to JSON")


def _position(error: Exception, payload: bytes) -> int:
    """The byte at which reading stopped: of what ended too soon, its end."""
    if isinstance(error, UnicodeDecodeError):
        return _first_no_text(payload)
    told = _BYTE.search(str(error))
    return int(told[1]) if told else len(payload)


def _first_no_text(payload: bytes) -> int:
    """The first byte that is no UTF-8: msgspec counts within the text that holds it."""
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _why(error: Exception) -> str:
    return {UnicodeDecodeError: "text is not UTF-8", RecursionError: "nested too deeply"}.get(
        type(error), "it is no JSON"
    )
