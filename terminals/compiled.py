"""Straight-line decode and encode functions, made once from a specification.

For one set of fields everything about a message is known but the lengths of its variable
fields. So for each bitmap that occurs a function is written and compiled in which every fixed
offset is a number. It knows the common case only: whatever is unusual (a length too long, a
pad of the wrong value, a character out of place, bytes missing or left over) makes it return
None, and the caller then asks pyiso8583, whose answer wins. So these functions may refuse too
much, never accept too much; the tests hold them equal to the library on valid and broken
input alike.

Two views of a body are cut by the generated code: `s`, its Latin-1 text, for characters, and
where digits are packed `x`, its upper-case hexadecimal text, for digits and bytes.
"""

import binascii
from collections.abc import Callable, Container, Iterable
from typing import Any, Final

from terminals.decode_writer import BCD, SIZES, DecodeWriter, PackedDecodeWriter
from terminals.encode_writer import EncodeWriter
from terminals.fast_forms import LENGTHS, PACKED, SECOND, Head, all_have_a_fast_form
from terminals.formats import Spec

Fields = dict[str, str]
FastDecode = Callable[[bytes], Fields | None]
FastEncode = Callable[[Iterable[str]], bytes | None]
"""Takes the values in the order of the keys it was made for."""
_UNUSUAL: Final = (IndexError, KeyError, TypeError, AttributeError, ValueError)
"""What generated code may raise on unusual input; ValueError covers codecs and binascii."""


def decoder(spec: Spec, numbers: list[int]) -> FastDecode | None:
    """The decode function of messages with exactly these fields, None when it has no fast form.

    A 1 among the numbers says that there is a second bitmap, if only an empty one.
    """
    if not all_have_a_fast_form(spec, numbers):
        return None
    head = Head.of(spec)
    writer = PackedDecodeWriter(head) if head.is_packed else DecodeWriter(head)
    writer.bitmaps(1 + (SECOND in numbers))
    for number in numbers:
        if number != SECOND:
            writer.field(str(number), spec[str(number)])
    function: FastDecode = _function("decode", "b", writer.lines())
    return function


def encoder(
    spec: Spec, names: tuple[str, ...], *, sound: Container[str] = (), last: str = ""
) -> FastEncode | None:
    """The encode function of values under exactly these keys, None when it has no fast form.

    Values that are `sound` were read by the same specification: nothing of them is looked at, but
    how long a variable one is. `last` is a field that is announced, and whose value will follow.
    """
    numbers = sorted(int(name) for name in names if name not in {"t", "p", "1"})
    if "t" not in names or not all_have_a_fast_form(spec, numbers):
        return None
    writer = EncodeWriter(Head.of(spec), sound)
    writer.values(names)
    writer.head([*numbers, int(last)] if last else numbers)
    for number in numbers:
        writer.field(str(number), spec[str(number)])
    function: FastEncode = _function("encode", "v", writer.lines())
    return function


def _function(name: str, argument: str, lines: list[str]) -> Any:
    body = "\n".join(f"        {line}" for line in lines)
    source = (
        f"def {name}({argument}):\n    try:\n{body}\n    except UNUSUAL:\n        return None\n"
    )
    scope: dict[str, Any] = {
        **dict(LENGTHS.values()),
        **dict(PACKED.values()),
        "BCD": BCD,
        "SIZES": SIZES,
        "UNUSUAL": _UNUSUAL,
        "unhex": binascii.a2b_hex,
    }
    # The source is made of numbers and codec names of our own specification, never of input.
    exec(compile(source, f"<{name} made from a specification>", "exec"), scope)  # noqa: S102
    return scope[name]
