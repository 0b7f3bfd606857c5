"""Help as it is written: what stands in brackets is a part of the settings, and no markup."""

from typing import Any

TEXTS = ("help", "short_help", "epilog")
"""Of a command or an option, what is shown as rich reads it."""


def keep_brackets(command: Any) -> None:
    """Show every help text of a command, its options and all below it as the source has it."""
    for told in (command, *command.params):
        for name in TEXTS:
            text = getattr(told, name, None)
            if text and "[" in text:
                from rich.markup import escape  # few texts have any

                setattr(told, name, escape(text))
    for below in getattr(command, "commands", {}).values():
        keep_brackets(below)
