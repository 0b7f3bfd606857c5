"""Tables and a worked message of `docs/ascii.md`: ISO 8583:1987 in characters."""

from collections.abc import Iterator
from typing import Final

from config.manual.page import Blocks, hexadecimal, listing, table
from config.manual.samples import MAC, PURCHASE
from terminals.dialects.ascii87 import ANSWERS, ASCII87_HEXADECIMAL
from terminals.dialects.ascii87_fields import BINARY_SPEC, HEXADECIMAL_SPEC
from terminals.dialects.pos import ANSWERS as POS_ANSWERS
from terminals.fields import ORIGINAL_DATA
from terminals.formats import FIELD_NUMBER_MAX, TEXT, FieldSpec, Spec
from terminals.framing import wrap

_LENGTHS: Final = {0: "", 2: "2 digits", 3: "3 digits"}


def field_rows(spec: Spec) -> Iterator[tuple[str, ...]]:
    """Number, name, form, size and length of every field of a dialect of characters."""
    for number in range(2, FIELD_NUMBER_MAX + 1):
        field = spec[str(number)]
        if field["max_len"]:
            in_front = _LENGTHS[field["len_type"]]
            size = f"up to {field['max_len']}" if in_front else str(field["max_len"])
            yield f"F{number}", field["desc"], _form(field), size, in_front


def _form(field: FieldSpec) -> str:
    if field["data_enc"] == "b":
        return "b"
    if field.get("hexadecimal"):
        return "hex"
    if field.get("digits"):
        return "n"
    return "ans" if field["data_enc"] == TEXT else "an"


def _differences() -> Iterator[tuple[str, ...]]:
    yield "bitmaps", "8 bytes", "16 characters"
    for number in range(2, FIELD_NUMBER_MAX + 1):
        one, other = BINARY_SPEC[str(number)], HEXADECIMAL_SPEC[str(number)]
        if one != other:
            yield f"F{number}", f"{one['max_len']} bytes", f"{other['max_len']} characters"


def _answers() -> Iterator[tuple[str, str]]:
    for kind, row in ANSWERS.items():
        more = set(row.declined) - set(POS_ANSWERS[kind].declined)
        yield f"`{kind}`", " ".join(f"F{number}" for number in sorted(more))


def _worked() -> str:
    body = ASCII87_HEXADECIMAL.compose(b"", b"", dict(PURCHASE), MAC)
    data = wrap(body)
    return f"{listing(body.decode('ascii'))}\n\nwith its length, as bytes:\n\n" + listing(
        hexadecimal(data)
    )


def _original() -> Iterator[tuple[str, str, str]]:
    words = {
        "mti": "message type of the original",
        "trace": "its trace",
        "sent": "its F7, or zeros",
        "acquirer": "zeros",
        "forwarder": "zeros",
    }
    for name, place in ORIGINAL_DATA.items():
        yield name, f"{place.start + 1}-{place.stop}", words[name]


BLOCKS: Final[Blocks] = {
    "ascii.fields": lambda: table(
        ("field", "name", "form", "characters", "length"), field_rows(HEXADECIMAL_SPEC)
    ),
    "ascii.differences": lambda: table(("", "`ascii87-bin`", "`ascii87-hex`"), _differences()),
    "ascii.answers": lambda: table(("asked", "what an answer repeats besides"), _answers()),
    "ascii.f90": lambda: table(("part", "places", "meaning"), _original()),
    "ascii.purchase": _worked,
}
