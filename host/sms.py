"""SENDERS: how a text reaches a phone. Those that are here are simulators, and say so.

A provider of texts is another row: what it is called in the settings, and what sends. Both write
whom a text is for as it is masked, and its words in clear, for somebody has to read the code.
"""

import datetime as dt
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.model.secrets import Secret

OWN_ALONE: Final = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text."""

    phone: Secret
    masked: str
    words: str


Send = Callable[[Text], None]
"""Raises OSError where it is not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One row."""

    name: str
    """What stands in the settings, before the `:` where it is told a place."""
    en: str
    zh: str
    is_simulated: bool
    opened: Callable[[str], Send]
    """By the place that is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """The one in use."""

    sender: Sender
    send: Send
    link: str = ""
    """Where a text leads a member."""


def _line(text: Text) -> str:
    at = dt.datetime.now(dt.UTC).astimezone().isoformat(timespec="seconds")
    return f"{at} {text.masked} {text.words}\n"


def _to_console(_place: str) -> Send:
    def send(text: Text) -> None:
        sys.stderr.write(f"SMS {_line(text)}")
        sys.stderr.flush()

    return send


def _to_file(place: str) -> Send:
    def send(text: Text) -> None:
        opener = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OWN_ALONE)
        with os.fdopen(opener, "a", encoding="utf-8") as file:
            file.write(_line(text))

    return send


SENDERS: Final[Mapping[str, Sender]] = {
    row.name: row
    for row in (
        Sender(
            name="console", en="the console of the host", zh="主机控制台", is_simulated=True,
            opened=_to_console,
        ),
        Sender(name="file", en="a file", zh="文件", is_simulated=True, opened=_to_file),
    )
}  # fmt: skip


def opened_sms(told: str, link: str = "") -> Sms:
    """By the word of the settings: `console`, or `file:PATH`.

    Raises:
        ValueError: there is no such sender, or it lacks its file.
    """
    name, _, place = told.partition(":")
    sender = SENDERS.get(name)
    if sender is None or bool(place) != (name == "file"):
        names = "console or file:NAME"
        raise ValueError(f"sms: {told!r} sends no text. Next: say {names}")
    return Sms(sender=sender, send=sender.opened(place), link=link)


def in_directory(directory: Path, told: str) -> str:
    """The same word, with its file in a directory."""
    name, _, place = told.partition(":")
    return f"{name}:{directory / place}" if place else told
