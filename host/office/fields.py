"""The kinds of fields that people fill: each carries its rule and the word it is labelled with.

A field is labelled by its own name, or by the title of its kind; both are looked up in WORDS. What
is typed in and never echoed is a `Secret`, which no log, history or approval can hold.
"""

import datetime as dt
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.model.secrets import Secret

NOTE_CHARACTERS_MIN: Final = 4
NUMBER_MAX: Final = 2**63 - 1
"""What a bigint holds."""
MONEY_MINOR_MAX: Final = 10**12 - 1
"""What the field of a message holds."""

Name = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
Login = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9._-]{1,31}$")]
Phone = Annotated[str, Meta(pattern=r"^(1[0-9]{10}|\+[1-9][0-9]{6,14})$")]
"""11 digits, or with its country."""
Note = Annotated[str, Meta(min_length=NOTE_CHARACTERS_MIN, max_length=400)]
"""Why: kept in history."""
Text = Annotated[str, Meta(max_length=400)]
Number = Annotated[int, Meta(ge=1, le=NUMBER_MAX)]
Count = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
Money = Annotated[int, Meta(gt=0, le=MONEY_MINOR_MAX)]
"""In minor units."""
Days = Annotated[int, Meta(ge=1, le=36_500)]
"""How long something lasts: a hundred years at most, for a day after the year 9999 is none."""
Prefix = Annotated[str, Meta(pattern=r"^[0-9]{2,12}$")]
InstitutionId = Annotated[str, Meta(pattern=r"^[0-9]{1,11}$")]
MerchantId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{15}$")]
TerminalId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{8}$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Tries = Annotated[int, Meta(ge=1, le=15)]
Day = dt.date


class Values(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every action's values are made of."""


def secret_from(kind: type, value: object) -> object:
    """A `Secret` out of what was typed in, for msgspec."""
    if kind is Secret and isinstance(value, str):
        return Secret(value.encode())
    msg = f"{kind.__name__} is not typed in"
    raise TypeError(msg)


def schema_of_secret(kind: type) -> dict[str, Any]:
    """What a `Secret` is in a JSON schema, for msgspec."""
    if kind is Secret:
        return {"type": "string", "writeOnly": True, "format": "password"}
    raise NotImplementedError(kind)
