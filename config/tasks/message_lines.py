"""Messages on a screen: a line a part, the bytes of each at its place, no wider than the screen.

A part is its place, name, label, value and meaning side by side. What has no room goes on below its
label: values in pieces, sentences between their words, amounts never apart from their currency.
Without a terminal a line has 80 columns; programs read `--json`.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from config.cells import cell_count, fold
from config.language import speech
from terminals.describe import spoken
from terminals.describe.description import Description, Part, Wrong, every_part
from terminals.describe.mask import STAR

_AROUND_BYTES: Final = 8
_HEX_BYTES_MAX: Final = 24
_COLUMNS_MIN: Final = 40
_PLACE: Final = 11
_USUAL: Final = 80
_WIDE: Final = 120
"""From so many columns on there is room for long labels."""
_OURS: Final = re.compile(r"(?:line \d+|its items .*)(?: #\d+)?$")
"""Of a place: words of ours, where there is no file to name."""
Piece = tuple[str, str]
"""A text and its style."""


def columns_of_screen() -> int:
    """How wide a line may be."""
    return max(shutil.get_terminal_size().columns, _COLUMNS_MIN)


def print_descriptions(told: Sequence[tuple[str, Description]]) -> None:
    """Each message; colours only where somebody sees them."""
    console, width = _console(), columns_of_screen()
    for number, (place, description) in enumerate(told):
        if number:
            console.print()
        for line in _message(place, description, width):
            console.print(line)


def print_difference(rows: Sequence[dict[str, Any]]) -> None:
    """What two messages have apart."""
    console, width = _console(), columns_of_screen()
    if not rows:
        console.print(speech.of_message("the two messages say the same"))
    for row in rows:
        label = speech.of_message(row["label"])
        for line in _flow([(f"{row['name']:<16}{label}", "bold")], 0, 2, width):
            console.print(line)
        for side, style in (("a", "red"), ("b", "green")):
            value = row[side]
            text = speech.of_message("(absent)") if value is None else value
            for line in _flow([(f"  {side.upper()}  ", style), (text, style)], 5, 5, width):
                console.print(line)
        if row["is_covered"]:
            covered = speech.of_message("they differ in what is covered")
            console.print(Text(f"     {covered}", style="dim"))


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _message(place: str, told: Description, width: int) -> Iterator[Text]:
    facts = f"{told.dialect or 'no dialect'}, {told.size} bytes, {told.verdict}"
    head: list[Piece] = [
        (title_of(told), "bold"),
        (f"  {speech.of_message(facts)}", "dim"),
    ]
    where = f"{_place_words(place)}: " if place else ""
    if where and cell_count(where) + sum(cell_count(text) for text, _ in head) > width:
        yield from _flow([(where.rstrip(), "dim")], 0, 0, width)
        where = ""
    yield from _flow([(where, "dim"), *head], 0, 2, width)
    for depth, part in every_part(told.parts):
        yield from _part(told, depth, part, width)
    for wrong in told.faults:
        yield from _fault(told, wrong, width)


def title_of(told: Description) -> str:
    """What a message is."""
    return spoken.title_of(told, speech.of_message)


def _place_words(place: str) -> str:
    """Where a message was; the name of a file stays as it is."""
    name, *rest = place.split(", ")
    said = [speech.of_message(each) for each in rest]
    return ", ".join([speech.of_message(name) if _OURS.match(name) else name, *said])


def _part(told: Description, depth: int, part: Part, width: int) -> Iterator[Text]:
    name_columns, label_columns = (22, 39) if width >= _WIDE else (18, 24)
    below = _PLACE + (name_columns if width >= _USUAL else 0)
    name = _padded("  " * depth + part.name.rpartition(".")[2], name_columns)
    pieces: list[Piece] = [
        (f"{part.start:5d}-{part.end:<5d}", "dim"),
        (name, "bold cyan" if not depth else "cyan"),
    ]
    label = label_of(part)
    pieces += [(_padded(label, label_columns), "")] if label else []
    pieces += [(_shortened(part.value, width - below), "yellow")]
    meaning = meaning_of(part)
    pieces += [(f"  {meaning}", "green")] if meaning else []
    yield from _flow(pieces, below, below, width)
    if not depth:
        shown = told.hex[2 * part.start : 2 * part.end]
        cut = shown[: 2 * min(_HEX_BYTES_MAX, (width - _PLACE - 1) // 2)]
        yield Text(f"{'':{_PLACE}}{cut}{'…' if len(cut) < len(shown) else ''}", style="dim")


def label_of(part: Part) -> str:
    """What a part is called."""
    return spoken.label_of(part, speech.of_message)


def meaning_of(part: Part) -> str:
    """What a part's value means."""
    return spoken.meaning_of(part, speech.of_message)


def fault_words(wrong: Wrong) -> str:
    """One fault as a sentence."""
    return spoken.fault_words(wrong, speech.of_message)


def _fault(told: Description, wrong: Wrong, width: int) -> Iterator[Text]:
    """What is wrong, and the bytes around it with a mark under the first wrong one."""
    yield from _flow([(fault_words(wrong), "bold red")], 0, 2, width)
    many = min(_AROUND_BYTES, (width - _PLACE) // 6)
    first = max(wrong.offset - many, 0)
    around = told.hex[2 * first : 2 * (wrong.offset + many)]
    pairs = " ".join(around[at : at + 2] for at in range(0, len(around), 2))
    yield Text(f"{'':{_PLACE}}{pairs}", style="dim")
    yield Text(f"{'':{_PLACE}}{' ' * (3 * (wrong.offset - first))}^^", style="red")


def _flow(pieces: Sequence[Piece], first: int, below: int, width: int) -> Iterator[Text]:
    """Pieces side by side as far as they have room, the others `below` columns from the left.

    A piece that ends at `first` columns or before never goes on below.
    """
    line, used = Text(), 0
    for text, style in pieces:
        bare = text.rstrip()
        if used + cell_count(bare) <= width or used < first:
            line.append(text, style)
            used += cell_count(text)
            continue
        if used > below:
            yield _closed(line)
            line, used = Text(" " * below), below
        *full, last = _folded(bare.strip(), width - below)
        for each in full:
            line.append(each, style)
            yield _closed(line)
            line = Text(" " * below)
        line.append(last, style)
        used = below + cell_count(last)
    yield _closed(line)


def _shortened(value: str, room: int) -> str:
    """A row of nothing but stars ends with its line."""
    is_covered = len(value) > room and not value.strip(STAR)
    return STAR * (room - 1) + "…" if is_covered else value


def _closed(line: Text) -> Text:
    line.rstrip()
    return line


def _folded(text: str, room: int) -> Iterator[str]:
    """Between words, and where a word is wider than the room, within it."""
    for line in fold(text, room):
        rest = line
        while cell_count(rest) > room:
            end = next(at for at in range(room, 0, -1) if cell_count(rest[:at]) <= room)
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _padded(text: str, columns: int) -> str:
    """At least a blank behind it."""
    return text + " " * max(columns - cell_count(text), 1)
