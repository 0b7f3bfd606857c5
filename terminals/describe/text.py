"""Descriptions on a screen: a line a part, the bytes of each at its place."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from terminals.describe.description import Description, Part, Wrong, every_part

_AROUND_BYTES: Final = 8
_HEX_BYTES_MAX: Final = 24
_LABEL_MAX: Final = 38


def print_descriptions(told: Sequence[tuple[str, Description]]) -> None:
    """Each message; colours only where somebody sees them."""
    console = Console(highlight=False, soft_wrap=True)
    for number, (place, description) in enumerate(told):
        if number:
            console.print()
        _print(console, place, description)


def print_difference(rows: Sequence[dict[str, Any]]) -> None:
    """What two messages have apart."""
    console = Console(highlight=False, soft_wrap=True)
    if not rows:
        console.print("the two messages say the same")
    for row in rows:
        console.print(Text(f"{row['name']:<16}{row['label']}", style="bold"))
        for side, style in (("a", "red"), ("b", "green")):
            value = row[side]
            text = "(absent)" if value is None else value
            console.print(Text(f"  {side.upper()}  {text}", style=style))
        if row["is_covered"]:
            console.print(Text("     they differ in what is covered", style="dim"))


def _print(console: Console, place: str, told: Description) -> None:
    head = Text()
    if place:
        head.append(f"{place}: ", style="dim")
    head.append(told.title or "a message", style="bold")
    facts = f"  {told.dialect or 'no dialect'}, {told.size} bytes, {told.verdict}"
    head.append(facts, style="dim")
    console.print(head)
    for depth, part in every_part(told.parts):
        console.print(_line(told, depth, part))
    for wrong in told.faults:
        for line in _fault(told, wrong):
            console.print(line)


def _line(told: Description, depth: int, part: Part) -> Text:
    line = Text(f"{part.start:5d}-{part.end:<5d}", style="dim")
    name = "  " * depth + part.name.rpartition(".")[2]
    line.append(f"{name:<21} ", style="bold cyan" if not depth else "cyan")
    line.append(f"{part.label[:_LABEL_MAX]:<{_LABEL_MAX + 1}}")
    line.append(part.value, style="yellow")
    if part.meaning:
        line.append(f"  {part.meaning}", style="green")
    if not depth:
        shown = told.hex[2 * part.start : 2 * part.end]
        cut = shown[: 2 * _HEX_BYTES_MAX]
        line.append(f"\n{'':11}{cut}{'…' if len(cut) < len(shown) else ''}", style="dim")
    return line


def _fault(told: Description, wrong: Wrong) -> list[Text]:
    """What is wrong, and the bytes around it with a mark under the first wrong one."""
    first = max(wrong.offset - _AROUND_BYTES, 0)
    around = told.hex[2 * first : 2 * (wrong.offset + _AROUND_BYTES)]
    pairs = " ".join(around[at : at + 2] for at in range(0, len(around), 2))
    mark = " " * (3 * (wrong.offset - first)) + "^^"
    what = f"byte {wrong.offset}, field {wrong.field}: expected {wrong.expected}"
    short = f": short by {wrong.short_bytes} bytes" if wrong.short_bytes else ""
    return [
        Text(f"{what}, found {wrong.actual}{short}", style="bold red"),
        Text(f"{'':11}{pairs}", style="dim"),
        Text(f"{'':11}{mark}", style="red"),
    ]
