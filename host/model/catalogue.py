"""What the office tells a front of its two tables: what one grant may look at and do.

Whoever draws pages or offers an API knows no row by itself. It asks once for a session, and has of
each view its columns and filters, of each action its fields, with the words they go by.
"""

from typing import Any, Literal

import msgspec

from host.model.secrets import Secret

Input = Literal[
    "text", "number", "money", "day", "moment", "flag", "either", "choice", "secret", "file"
]
"""How a value is typed. `flag` is yes or no, `either` yes, no, or nothing said."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of a few words that a value may be."""

    value: str
    en: str
    zh: str


ColumnKind = Literal["text", "whole", "yes_no", "day", "moment"]


class ColumnTold(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a view."""

    name: str
    en: str
    zh: str
    kind: ColumnKind = "text"
    opens: str = ""
    """The view that a value opens."""

    @property
    def is_number(self) -> bool:
        """Whether it is read from its right."""
        return self.kind == "whole"


class FilterTold(msgspec.Struct, frozen=True, kw_only=True):
    """What rows are found by."""

    name: str
    en: str
    zh: str
    input: Input = "text"
    choices: list[Choice] = []
    beside: str = ""
    """The filter that has to be given with it."""


class OthersTold(msgspec.Struct, frozen=True, kw_only=True):
    """What may be done to a row by others than who asks."""

    en: str
    zh: str
    states: list[str]
    roles: list[Choice]
    is_for_another: bool = False
    """Whether whoever made the row may not."""


class ViewTold(msgspec.Struct, frozen=True, kw_only=True):
    """A view that the grant may look at."""

    id: str
    en: str
    zh: str
    columns: list[ColumnTold]
    filters: list[FilterTold]
    needs: list[str] = []
    """Filters of which one has to be given."""
    actions: list[str] = []
    """What may be done to a row, of what the grant may do."""
    state: str = ""
    """The column that says how a row stands."""
    by_others: list[OthersTold] = []
    """What the rest of it begins at, and who does it."""


class FieldTold(msgspec.Struct, frozen=True, kw_only=True):
    """A value of an action."""

    name: str
    en: str
    zh: str
    input: Input = "text"
    is_needed: bool = False
    is_many: bool = False
    """Whether any number of them may be given."""
    choices: list[Choice] = []
    default: str = ""
    characters_max: int | None = None


class ActionTold(msgspec.Struct, frozen=True, kw_only=True):
    """An action that the grant may do."""

    id: str
    en: str
    zh: str
    about: str
    """What it says of itself, in English."""
    fields: list[FieldTold]
    waits: bool = False
    """Whether it waits for a second person, always or by its values."""
    asks_code: bool = False
    takes: str = ""
    """The field that is the number of a file, which is sent first."""
    states: list[str] = []
    """How its subject has to stand; empty: that forbids nothing."""
    hands_out: bool = False
    """Whether what it shows once is a file."""
    is_entry: bool = False


class GrantTold(msgspec.Struct, frozen=True, kw_only=True):
    """A grant of who asks."""

    id: int
    role: str
    en: str
    zh: str
    scope: str
    """The kind of its place: `platform`, `issuer`, `merchant` and so on."""
    at: str
    """What its place is named by: a number, a code; empty: the platform."""
    name: str = ""
    """What people call it."""


class RefusalTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the office says no with, by its code."""

    code: str
    en: str
    zh: str
    why: str
    next: str


class Schemas(msgspec.Struct, frozen=True, kw_only=True):
    """What programs need beside words: JSON schemas of values, columns and filters (2020-12)."""

    values: dict[str, dict[str, Any]]
    """Of each action, by its id."""
    columns: dict[str, dict[str, dict[str, Any]]]
    """Of each view, by its columns."""
    filters: dict[str, dict[str, dict[str, Any]]]
    components: dict[str, dict[str, Any]]
    """What the others refer to, as `#/components/schemas/NAME`."""
    refusals: list[RefusalTold]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, tag="catalogue"):
    """Everything there is for who asks, under the grant in use."""

    login: str
    grant: GrantTold
    grants: list[GrantTold]
    has_totp: bool
    views: list[ViewTold]
    actions: list[ActionTold]
    done_by_others: list[Choice] = []
    """What else is done here, by its names, where a view tells what was done."""
    schemas: Schemas | None = None
    """Where they were asked for."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for it."""

    session: Secret
    source: str = ""
    with_schemas: bool = False
