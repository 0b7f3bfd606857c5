"""The table of `docs/commands.md`: every command, and which print JSON for programs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from typer.main import get_command

from config.cli.app import app
from config.manual.page import Blocks, table

JSON: Final = "--json"
WITHOUT_JSON: Final[Mapping[str, str]] = {
    "up": "runs until it is stopped; `posswitch top --json` tells its addresses",
    "host": "runs until it is stopped; `posswitch top --json` tells of it",
    "switch": "runs until it is stopped; `posswitch top --json` tells its addresses",
    "web": "runs until it is stopped; prints its address",
    "demo": "a day to look at",
    "bench": "its report is a JSON file",
    "keys generate": "components are shown to people",
    "keys import": "asks a person",
    "keys seat": "what it makes is a directory",
    "openapi": "what it prints is JSON",
    "audit accept": "two people agree",
    "sign-in": "asks a person",
    "sign-out": "says that nobody is signed in",
    "simulate issuer": "runs until it is stopped",
}
"""Why a command prints none."""


def commands(command: Any = None, words: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    command = get_command(app) if command is None else command
    below = getattr(command, "commands", {})
    if not below or (words and command.invoke_without_command):
        yield words, command
    for name, child in below.items():
        yield from commands(child, f"{words} {name}".strip())


def prints_json(command: Any) -> bool:
    """Whether it has the option."""
    return any(JSON in parameter.opts for parameter in command.params)


def _rows() -> Iterator[tuple[str, str, str]]:
    for words, command in commands():
        what = (command.help or "").partition("\n\n")[0].replace("\n", " ")
        told = "yes" if prints_json(command) else f"no: {WITHOUT_JSON.get(words, 'not yet')}"
        yield f"`posswitch {words}`", what, told


def _office_rows() -> Iterator[tuple[str, str]]:
    """Those that are made from the office's tables, beside those written by hand."""
    from config.cli.generated import groups
    from config.cli.options import with_whole_paragraphs

    for name, group in groups().items():
        for words, command in commands(get_command(with_whole_paragraphs(group)), name):
            yield f"`posswitch {words}`", (command.help or "").partition("\n\n")[0]


BLOCKS: Final[Blocks] = {
    "commands.list": lambda: table(("command", "what it does", f"`{JSON}`"), _rows()),
    "commands.office": lambda: table(("command", "what it does"), _office_rows()),
}
