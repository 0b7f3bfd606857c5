"""What a message's type, its kind and the names of its fields say, before any value is looked at.

Terminals use some dozens of such forms, so what follows from one is found out when it is met first
and looked up from then on. Whoever sends us thousands of different ones is served all the same,
more slowly: only so many are kept.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from host.model.requests import Kind
from host.model.responses import Reason
from terminals.answering import Answerings
from terminals.message import Message
from terminals.uses import Rooms

FORMS_MAX: Final = 512
"""Of one dialect."""

Names = tuple[str, ...]
"""Of the fields, in the order in which they were read."""
FormKey = tuple[str, Kind | Reason | None, str | Names]
"""Message type, what it means, and its fields: by its bitmap where all that it announces was read,
which costs less to look up than their names."""


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of every message of one form."""

    is_sealed: bool
    """Whether it carries a message authentication code."""
    must_be_sealed: bool
    """Whether it is refused without one."""
    may_be: bool
    """Whether each of its fields has a use in a message of its kind."""
    rooms: Rooms | None
    """Where it may hold what nobody looks at; None where it moves no value."""
    answers: Answerings


class Forms:
    """The forms that were met, and how another is made."""

    __slots__ = ("_kept", "_made")

    def __init__(self, made: Callable[[Message], Form]) -> None:
        self._made = made
        self._kept: dict[FormKey, Form] = {}

    def of(self, message: Message) -> Form:
        """The form of messages that have its type, its meaning and its fields."""
        key = _key_of(message)
        form = self._kept.get(key)
        if form is None:
            form = self._made(message)
            if len(self._kept) < FORMS_MAX:
                self._kept[key] = form
        return form


def _key_of(message: Message) -> FormKey:
    fields, row = message.fields, message.spelling
    names: str | Names
    if message.damage is None and "p" in fields and "1" not in fields:
        names = fields["p"]
    else:
        names = tuple(fields)
    return fields["t"], row.means if row is not None else None, names
