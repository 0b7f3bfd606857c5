"""The whole command line: what is written by hand, and what is made from the office's tables.

The tables are read only for who needs them: a command that is there without them starts as fast as
it did before there was an office.
"""

from collections.abc import Sequence
from typing import Any

import typer

OPTIONS_WITH_VALUES = ("--lang",)
"""Of the command itself, before any other word."""


def needs_office(command: Any, words: Sequence[str]) -> bool:
    """Whether these words mean anything that is not written by hand: a name, or all names."""
    names = names_in(words)
    for name in names[:2]:
        if not hasattr(command, "commands"):
            return False
        command = command.commands.get(name)
        if command is None:
            return True
    return hasattr(command, "commands") and len(names) < 2


def add_office(command: Any, asked: str = "") -> None:
    """Put the commands of the tables into it, each group beside or into what is there.

    Where a group of theirs is asked for it is the only one.
    """
    from config.cli.generated import groups
    from config.cli.options import with_whole_paragraphs

    for name, group in groups(asked).items():
        made: Any = typer.main.get_command(with_whole_paragraphs(group))
        made.name = name
        there = command.commands.get(name)
        if there is None:
            command.commands[name] = made
        else:
            there.commands.update(
                {verb: each for verb, each in made.commands.items() if verb not in there.commands}
            )


def names_in(words: Sequence[str]) -> list[str]:
    """The words that are no options of the command itself."""
    names: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif not names and word in OPTIONS_WITH_VALUES:
            skip = True
        elif not word.startswith("-"):
            names.append(word)
    return names
