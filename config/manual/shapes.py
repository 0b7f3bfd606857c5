"""What a field of a JSON message may be, in words, from the struct that reads it."""

from collections.abc import Iterator, Mapping
from typing import Final, get_args

import msgspec
from msgspec import inspect as types

from host.model.secrets import Pan, Secret
from terminals.json_values import (
    CodeSecret,
    DateText,
    ExpiryText,
    HexSecret,
    PhoneSecret,
    TimeText,
)

_CUSTOM: Final[Mapping[type, str]] = {
    Pan: "text, 12 to 19 digits",
    HexSecret: "text, hexadecimal",
    CodeSecret: "text, up to 100 characters of printable ASCII",
    PhoneSecret: "text, digits, or `+` and digits",
    Secret: "text, base64",
}
_PATTERNS: Final[Mapping[str, str]] = {
    get_args(kind)[1].pattern: words
    for kind, words in (
        (DateText, "text, YYYYMMDD"),
        (TimeText, "text, hhmmss"),
        (ExpiryText, "text, YYMM"),
    )
}
_TEXT: Final = r"^[^\x00-\x1f\x7f-\x9f]*\Z"
"""Any text without control characters."""


class NoMeaningError(LookupError):
    """A field of a message that the manual has no words for. Names struct and field."""


def field_rows(
    struct: type[msgspec.Struct], meanings: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Name, shape and meaning of every field.

    Raises:
        NoMeaningError: a field has no meaning.
    """
    told = types.type_info(struct)
    assert isinstance(told, types.StructType)
    for field in told.fields:
        if field.encode_name not in meanings:
            raise NoMeaningError(f"{struct.__name__}.{field.encode_name}")
        yield f"`{field.encode_name}`", shape(field.type), meanings[field.encode_name]


def shape(told: types.Type) -> str:
    """One type in words."""
    if isinstance(told, types.UnionType):
        return " or ".join(shape(one) for one in told.types if not isinstance(one, types.NoneType))
    if isinstance(told, types.LiteralType):
        return " or ".join(f"`{value}`" for value in told.values)
    if isinstance(told, types.CustomType):
        return _CUSTOM[told.cls]
    if isinstance(told, types.StrType):
        return _text(told)
    if isinstance(told, types.IntType):
        return f"number, {told.ge:g} to {told.le:.0f}" if told.le is not None else "number"
    return _SIMPLE[type(told)]


def _text(told: types.StrType) -> str:
    if told.pattern is not None and told.pattern != _TEXT:
        plain = told.pattern.removeprefix("^").removesuffix(r"\Z")
        return _PATTERNS.get(told.pattern) or f"text, `{plain}`"
    if told.min_length is not None and told.min_length == told.max_length:
        return f"text of {told.max_length} characters"
    return f"text, up to {told.max_length} characters" if told.max_length is not None else "text"


_SIMPLE: Final = {
    types.StructType: "object",
    types.BoolType: "`true` or `false`",
    types.VarTupleType: "array of objects",
}
"""Types that say all there is to say."""
