"""Tables of `docs/simulators.md`: what may be typed at a till, and what gives each decline."""

from collections.abc import Iterator

from config.manual.page import Blocks, table
from simulators.till.commands import COMMANDS, Part
from simulators.till.magic import LATE, MAGIC, NOTHING
from simulators.till.misfortunes import FAULT_WORDS


def _commands() -> Iterator[tuple[str, ...]]:
    for part in Part:
        for each in COMMANDS:
            if each.part is part:
                at = each.at.value.removesuffix(" do this")
                yield f"`{each.usage}`".replace("|", "\\|"), each.says, f"`{each.example}`", at


def _misfortunes() -> Iterator[tuple[str, ...]]:
    for fault, row in FAULT_WORDS.items():
        yield f"`{row.name}`", f"`{fault.value}`", row.says


def _magic() -> Iterator[tuple[str, ...]]:
    told = {LATE: "late, or no answer", NOTHING: "no answer, and a reversal"}
    for each in MAGIC:
        at = f"terminal {each.terminal}" if each.terminal else ""
        yield f"`{each.line}`", told.get(each.f39, each.f39), each.why, f"{each.by.value}", at


BLOCKS: Blocks = {
    "till.commands": lambda: table(("typed", "what it does", "example", "where"), _commands()),
    "till.misfortunes": lambda: table(
        ("at a till", "in a scenario", "what happens"), _misfortunes()
    ),
    "till.magic": lambda: table(("typed", "F39", "why", "declined", "at"), _magic()),
}
