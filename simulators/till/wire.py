"""The wire beside the receipt: every byte and every field of a message, secrets covered."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simulators.till.screen import columns
from simulators.till.words import of_message, said
from terminals.describe import spoken
from terminals.describe.description import Description, Part, describe, every_part

HEX_BYTES: Final = 24
"""Of a line."""
INDENT: Final = 4
NAME: Final = 8
LABEL: Final = 22
VALUES_AT: Final = 42
"""Where the values of parts of fields begin, and of fields that have a name and no label."""
TEXT_LETTERS: Final = 72
BINARY: Final = frozenset({"pos"})
"""Dialects whose bytes are no characters."""
DEPTH_MAX: Final = 1
"""Parts of a field are shown, parts of parts are for `posswitch describe`."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the till, and what it heard."""

    asked: bytes
    told: bytes | None


def wire_text(heard: Heard, dialect: str) -> str:
    """Both directions, 80 columns wide at most."""
    lines = list(_message("--> sent", heard.asked, dialect))
    if heard.told is None:
        lines.append(said("<-- nothing was heard"))
    else:
        lines += _message("<-- heard", heard.told, dialect)
    return "\n".join(lines)


def _message(direction: str, payload: bytes, dialect: str) -> Iterator[str]:
    found = describe(payload, dialect, "none")
    size, title = said(f"{found.size} bytes"), spoken.title_of(found, of_message)
    yield from columns((0, f"{said(direction)} {size}, {title}"))
    yield from _hex(found) if dialect in BINARY else _text(found)
    yield from _parts(found)


def _hex(found: Description) -> Iterator[str]:
    for at in range(0, len(found.hex), 2 * HEX_BYTES):
        line = found.hex[at : at + 2 * HEX_BYTES]
        yield " " * INDENT + " ".join(line[two : two + 2] for two in range(0, len(line), 2))


def _text(found: Description) -> Iterator[str]:
    """Of dialects that are written in characters: each as it is, a star for one that is covered."""
    pairs = (found.hex[two : two + 2] for two in range(0, len(found.hex), 2))
    shown = "".join("*" if "*" in pair else chr(int(pair, 16)) for pair in pairs)
    plain = "".join(
        letter if letter.isascii() and letter.isprintable() else "." for letter in shown
    )
    for at in range(0, len(plain), TEXT_LETTERS):
        yield " " * INDENT + plain[at : at + TEXT_LETTERS]


def _parts(found: Description) -> Iterator[str]:
    for depth, part in every_part(found.parts):
        if depth < DEPTH_MAX or (depth == DEPTH_MAX and part.value and not part.parts):
            yield from _part(depth, part)
    for wrong in found.faults:
        yield from columns(
            (INDENT, ""),
            (NAME, said("wrong")),
            (0, spoken.fault_words(wrong, of_message)),
        )


def _part(depth: int, part: Part) -> list[str]:
    meaning = spoken.meaning_of(part, of_message)
    value = f"{part.value}  {meaning}" if meaning else part.value
    name, label = part.name.rpartition(".")[2], _label(part)
    indent = INDENT + (NAME + 2) * depth
    if not label or depth:
        return columns((indent, ""), (VALUES_AT - indent, label or name), (0, value))
    return columns((indent, ""), (NAME, name), (LABEL, label), (0, value))


def _label(part: Part) -> str:
    """What a part is called, without what else it may be called."""
    label = spoken.label_of(part, of_message)
    return re.split("[;；]", label, maxsplit=1)[0]
