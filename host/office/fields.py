"""The kinds of fields that people fill: each carries its rule and the word it is labelled with.

A field is labelled by its own name, or by the title of its kind; both are looked up in WORDS. What
is typed in and never echoed is a `Secret`, which no log, history or approval can hold.
"""

import datetime as dt
import re
from collections.abc import Mapping
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
Pieces = Annotated[int, Meta(ge=1, le=9_999)]
"""Entries, goods, or what is to be bought."""
Days = Annotated[int, Meta(ge=1, le=36_500)]
"""How long something lasts: a hundred years at most, for a day after the year 9999 is none."""
HoldDays = Annotated[int, Meta(ge=1, le=366)]
"""How long something is held."""
Percent = Annotated[int, Meta(ge=0, le=100)]
Month = Annotated[str, Meta(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Prefix = Annotated[str, Meta(pattern=r"^[0-9]{2,12}$")]
InstitutionId = Annotated[str, Meta(pattern=r"^[0-9]{1,11}$")]
MerchantId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{15}$")]
TerminalId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{8}$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
ProductCode = Annotated[str, Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
Tries = Annotated[int, Meta(ge=1, le=15)]
Rrn = Annotated[str, Meta(pattern=r"^[0-9]{4}[0-9A-Z][0-9]{7}$")]
Day = dt.date


FORMS: Final[Mapping[str, str]] = {
    r"^\S(.*\S)?$": "it has a letter, and no blank at its ends",
    r"^[a-z][a-z0-9._-]{1,31}$": "it is small letters and digits, 2 to 32, the first a letter",
    r"^(1[0-9]{10}|\+[1-9][0-9]{6,14})$": "it is 11 digits, or + with the country and the number",
    r"^[0-9]{2,12}$": "it is 2 to 12 digits",
    r"^[0-9]{1,11}$": "it is 1 to 11 digits",
    r"^[0-9A-Za-z]{15}$": "it is 15 letters or digits",
    r"^[0-9A-Za-z]{8}$": "it is 8 letters or digits",
    r"^[A-Z]{3}$": "it is 3 capital letters",
    r"^[A-Z][A-Z0-9]{1,11}$": "it is 2 to 12 capital letters and digits, the first a letter",
    r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$": "it is letters and digits, 32 of them at most",
    r"^[0-9]{4}$": "it is 4 digits",
    r"^[a-z]{0,16}$": "it is small letters, 16 at most, or nothing",
    r"^[0-9]{1,2}(\.[0-9]{1,4})?%$": "it is a percentage as 0.6%, with 4 decimals at most",
    r"^[1-9][0-9]{0,11} [0-9]{1,2}(\.[0-9]{1,4})?% [0-9]{1,9}$": (
        "it is as 100000 0.38% 50: from which amount on, how many percent, how much for each"
    ),
    r"^[0-9]{4}[0-9A-Z][0-9]{7}$": "it is 12 digits, of which the fifth may be a capital letter",
    r"^[0-9]{1,4}(/[1-9][0-9]{0,3})?$": "it is a number or a fraction, as 2 or 3/2",
    r"^[1-9][0-9]{0,3}(/[1-9][0-9]{0,3})?$": "it is a number or a fraction above 0, as 2 or 3/2",
    r"^20[0-9]{2}-(0[1-9]|1[0-2])$": "it is a month, as 2026-11",
    r"^([01][0-9]|2[0-3])[0-5][0-9]$": "it is a time of day, as 0930",
    r"^[A-Z][A-Z0-9-]{1,31}$": "it is capital letters, digits and -, 2 to 32, the first a letter",
    r"^(([01][0-9]|2[0-3])[0-5][0-9])?$": "it is an hour of the day as HHMM, or nothing",
    (
        r"^[A-Z0-9]{1,8} [0-9]{1,3}(\.[0-9]{1,4})?% ([0-9]{1,9}|-) "
        r"(points|value|goods|voucher|nothing) [0-9]{1,9} \S(.{0,38}\S)?$"
    ): "it is a line as TEA 2.5% 42 goods 0 tea: code, odds, stock, kind, amount, name",
    r"^[!-~]*$": "it has no blank, and letters, digits and marks of a keyboard alone",
    r"^[^\x00-\x1f\x7f\ufffe\uffff]+$": "it is one line that can be printed",
    r"^([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}|[0-9]{5,34})$": "it is an IBAN, or 5 to 34 digits",
    r"^([A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?|[0-9]{12})$": "it is a BIC, or 12 digits",
    r"^20[0-9]{6}-[1-9][0-9]{0,8}(-merchant|-issuer|-returned)?$": (
        "it is as 20261122-1: the date, and which of it"
    ),
    r"^/?[0-9A-Za-z_-][0-9A-Za-z._-]*(/[0-9A-Za-z_-][0-9A-Za-z._-]*)*$": (
        "it is names of letters, digits, . _ and -, with / between; none begins with ."
    ),
    r"^[0-9A-Za-z][0-9A-Za-z.:-]*$": "it is the name or the address of a server",
    r"^[0-9A-Za-z_][0-9A-Za-z._@-]*$": "it is a login: letters, digits and . _ @ -",
    r"^[0-9a-z-]+ [0-9A-Za-z+/]+={0,2}$": "it is a key as ssh-ed25519 AAAA...",
    r"^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$": "it is a network, as 192.0.2.0/24, or an address",
    r"^[0-9 ]{2,24}$": "it is 2 to 24 digits, with blanks or without",
    r"^[0-9A-Za-z]{1,32}$": "it is 1 to 32 letters or digits",
    r"^wh_[0-9a-f]{12}$": "it is wh_ and 12 digits, as the list shows them",
    r"^https?://[!-~]+$": "it is an address, as https://shop.example/hook",
    r"^psk_[0-9A-Za-z_-]{8}$": "it is psk_ and the 8 letters that follow, as the list shows them",
    r"^#[0-9A-Fa-f]{6}$": "it is # and 6 hexadecimal digits",
    r"^[0-9]{1,3}(\.[0-9])?$": "it is millimetres, as 4.5",
}
"""What somebody reads of a text that is not of its pattern; a test names a pattern without one."""
YEAR_MIN, YEAR_MAX = 1900, 9900
"""No calendar ends within the years that are counted from a day between them."""
SAID: Final = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"Expected `\w+` >= (\S+)", "it is {} or more"),
        (r"Expected `\w+` > (\S+)", "it is more than {}"),
        (r"Expected `\w+` <= (\S+)", "it is {} or less"),
        (r"Expected `\w+` < (\S+)", "it is less than {}"),
        (r"Expected `\w+` of length >= (\S+)", "it has {} characters or more"),
        (r"Expected `\w+` of length <= (\S+)", "it has {} characters at most"),
        (r"Object missing required field `\w+`", "it is needed"),
        (r"Object contains unknown field `\w+`", "there is no such field"),
        (r"Invalid enum value .*", "there is no such choice"),
        (r"Invalid RFC3339 encoded date", "it is a day, as 2026-12-31"),
        (r"Invalid RFC3339 encoded datetime", "it is a moment, as 2026-12-31T18:00:00+08:00"),
        (r"Expected `int.*`, got `.*`", "it is a whole number"),
        (r"Expected `.*`, got `.*`|Secret is not typed in", "a value of another kind is taken"),
    )
)


def problem_of(found: str) -> str:
    """What msgspec found wrong with a value, as the person who typed it reads it."""
    form = re.fullmatch(r"Expected `str` matching regex '(.*)'", found)
    if form is not None:
        return FORMS.get(form[1].replace(r"\\", "\\"), found)
    for pattern, said in SAID:
        match = pattern.fullmatch(found)
        if match is not None:
            return said.format(*match.groups())
    return found


def is_in_calendar(value: object) -> bool:
    """Whether years may be counted from it, back and on, if it is a day or a moment at all."""
    return not isinstance(value, dt.date) or YEAR_MIN <= value.year <= YEAR_MAX


def with_zone(value: Any) -> Any:
    """A moment that says no zone is the house's, as it is shown; all else is what it is."""
    is_bare = isinstance(value, dt.datetime) and value.tzinfo is None
    return value.astimezone() if is_bare else value


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
