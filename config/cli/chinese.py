"""The help of every command in Chinese: what the catalogue has for its texts."""

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


def help_in_chinese(command: Any) -> None:
    """Give a command, its options and all below it their Chinese texts."""
    for name in FRAMES:
        setattr(rich_utils, name, chinese_of(getattr(rich_utils, name)))
    _translate(command)


def _translate(command: Any) -> None:
    shown = command.get_help_option(command.make_context(command.name, [], resilient_parsing=True))
    for told in (command, *command.params, *([shown] if shown else [])):
        for name in ("help", "short_help", "epilog"):
            text = getattr(told, name, None)
            if text:
                setattr(told, name, "\n\n".join(map(chinese_of, text.split("\n\n"))))
    for below in getattr(command, "commands", {}).values():
        _translate(below)
