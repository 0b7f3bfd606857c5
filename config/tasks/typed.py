"""What somebody types when it is asked for, at a terminal or out of a pipe."""

import datetime as dt
import sys

import typer

from config.errors import SettingsError
from config.language import speech


def prompted(words: str, *, is_hidden: bool = False, may_be_empty: bool = False) -> str:
    """What somebody types, or the next line of what was piped in.

    Raises:
        SettingsError: there is no line, and one is needed.
    """
    if sys.stdin.isatty():
        typed = typer.prompt(
            speech.said(words), hide_input=is_hidden, default="" if may_be_empty else None,
            show_default=False,
        )  # fmt: skip
    else:
        typed = sys.stdin.readline().rstrip("\n")
    if not typed and not may_be_empty:
        raise SettingsError(
            f"nothing was typed for: {words}. Next: type it when it is asked for, or pipe it in as "
            "a line of its own",
            "E-COMMAND-LINE",
        )
    return str(typed)


def typed_twice(word: str, first: str) -> None:
    """Return where it is typed again as before.

    Raises:
        SettingsError: it is another.
    """
    if prompted(f"{word} {speech.said('once more')}", is_hidden=True) != first:
        raise SettingsError(
            f"{word}: the two are not the same. Next: type it twice alike, or pipe it in on two "
            "lines",
            "E-COMMAND-LINE",
        )


def date_of(text: str) -> dt.date:
    """A date as it is typed.

    Raises:
        SettingsError: it is none, or is written in another way than dates are here.
    """
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        message = f"{text!r} is not a date. Next: write it as 2026-12-31"
        raise SettingsError(message, "E-NIGHT-DATE")
    return day
