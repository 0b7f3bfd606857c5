"""What is asked of the office, and what it tells: the values that cross the link for people.

Whoever serves a person (a command line, a web front) has no database: it asks for an action to be
done or a view to be shown, in a session, and draws what comes back. Values are JSON in a `Secret`,
for a password may be among them.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from host.model.catalogue import Catalogue, Look
from host.model.secrets import Secret

ROWS_MAX: Final = 200
"""Of one page of a view."""
NOBODY: Final = Secret(b"")
"""The session of who has not signed in."""


class Do(msgspec.Struct, frozen=True, kw_only=True):
    """One action, by a person."""

    session: Secret = NOBODY
    """The token that signing in gave."""
    action: str
    values: Secret
    """The action's own struct as JSON."""
    once_key: str = ""
    """Of the form: the same key is done once, and told the same answer again. None: done each
    time."""
    seen: str = ""
    """The version of the subject that the form was filled from; empty where none was seen."""
    code: Secret | None = None
    """A one-time code, where the action asks for one."""
    is_dry_run: bool = False
    """Whether all is undone again, and only what it would change is told."""
    source: str = ""
    """From where the person asks, for history and limits."""


class Show(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a view, or, with `key`, one row of it and what may be done to it."""

    session: Secret = NOBODY
    view: str
    filters: dict[str, Secret] = {}
    """By the names of the view's filters; a card's number or a phone may be one, so that none
    is shown anywhere."""
    after: list[str] = []
    """Where the page before ended, as it told it."""
    rows_max: int = 50
    is_counted: bool = False
    """Whether it is told how many rows there are, up to `COUNTED_MAX`."""
    stands_in_address: bool = False
    """Whether what it is found by stood in an address, which others keep and see."""
    source: str = ""

    def __post_init__(self) -> None:
        """Whoever gives text has it closed here, before anything can show it."""
        if any(isinstance(value, str) for value in self.filters.values()):
            closed = sought({name: _open(value) for name, value in self.filters.items()})
            msgspec.structs.force_setattr(self, "filters", closed)


class ShowAll(msgspec.Struct, frozen=True, kw_only=True):
    """A page of each of some views, as of one moment and for one look at who asks."""

    session: Secret = NOBODY
    shows: list[Show]
    """Who asks, and from where, stands here alone."""
    source: str = ""


def _open(value: Secret | str) -> str:
    return value if isinstance(value, str) else value.reveal().decode()


def sought(filters: Mapping[str, str]) -> dict[str, Secret]:
    """Filters as they cross the link."""
    return {name: Secret(value.encode()) for name, value in filters.items()}


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """It was done, and kept."""

    subject: str
    """Its key, as people name it."""
    version: str = ""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    """Of what the subject says, only what is another now."""
    told: dict[str, Any] = {}
    """What the action tells beside it."""
    shown_once: dict[str, str] = {}
    """Secrets made by it, such as an invitation: never kept, never told again."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True, tag="waiting"):
    """It waits for a second person; nothing has changed."""

    approval: int
    until: str
    """ISO 8601."""


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """It was not done."""

    code: str
    en: str
    zh: str
    field: str | None = None
    now: dict[str, Any] = {}
    """What the subject says today, where somebody changed it meanwhile."""


class Page(msgspec.Struct, frozen=True, kw_only=True, tag="page"):
    """Rows of a view, in its order."""

    columns: list[str]
    rows: list[list[Any]]
    """JSON values, by columns."""
    next: list[str] = []
    """What `after` is for the page that follows; empty at the end."""
    count: int | None = None
    """Where it was asked for; one more than COUNTED_MAX says that there are more."""


class Pages(msgspec.Struct, frozen=True, kw_only=True, tag="pages"):
    """What some views tell, in the order they were asked for."""

    pages: list[Page | Refused]


COUNTED_MAX: Final = 10_000

Outcome = Done | Waiting | Refused
Asked = Do | Show | ShowAll | Look
Told = Done | Waiting | Refused | Page | Pages | Catalogue
