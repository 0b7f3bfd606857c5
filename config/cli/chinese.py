"""The help of every command in Chinese: what the catalogue has for its texts."""

from collections.abc import Sequence
from typing import Any

from typer import rich_utils

from config.language import chinese_of

FRAMES = (
    "ARGUMENTS_PANEL_TITLE",
    "COMMANDS_PANEL_TITLE",
    "ERRORS_PANEL_TITLE",
    "OPTIONS_PANEL_TITLE",
    "DEFAULT_STRING",
    "ENVVAR_STRING",
    "REQUIRED_LONG_STRING",
)
"""What typer writes around our texts."""


def help_in_chinese(command: Any, names: Sequence[str]) -> None:
    """Give a command and those below it whose names are typed their Chinese texts.

    Of what else is below, a list shows what it is for.
    """
    for name in FRAMES:
        setattr(rich_utils, name, chinese_of(getattr(rich_utils, name)))
    _translate(command, names)


def _translate(command: Any, names: Sequence[str]) -> None:
    shown = command.get_help_option(command.make_context(command.name, [], resilient_parsing=True))
    _tell(command, *command.params, *([shown] if shown else []))
    for name, below in getattr(command, "commands", {}).items():
        if name in names:
            _translate(below, names)
        else:
            _tell(below)


def _tell(*told: Any) -> None:
    for each in told:
        for name in ("help", "short_help", "epilog"):
            text = getattr(each, name, None)
            if text:
                setattr(each, name, "\n\n".join(map(chinese_of, text.split("\n\n"))))
