"""What a row of VIEWS is: what one may look at, whose rows, by what it is found, in what order.

A view's statement (`views.sql`, by the view's id) yields its columns and those that say whose a row
is; `host.office.questions` puts scope, filters, place and limit around it, out of the names that
stand here and never out of what somebody typed.
"""

import datetime as dt
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

from host.office.places import Place, Scope
from host.store.connecting import Connection


@enum.unique
class How(enum.Enum):
    """How a filter's value is held against its column."""

    IS = "="
    FROM = ">="
    BEFORE = "<"
    BEGINS = "begins with"
    CARD_OF_BATCH = "is a card of that batch"
    OF_BATCH = "is a part of that batch"
    PART = "is of the part of that number, of the batch that is named beside it"
    OF_ROLE = "is a person of that role"
    MINE = "is the person who looks"
    NUMBER = "has this number, which is hashed before anything is looked for"
    PHONE = "is of who has this phone, the same"
    CARD_OF_MEMBER = "is a card of the member of this number"
    CARD_OF_PHONE = "is a card of who has this phone"
    OF_DAY = "has a number of that business date"
    TO_DECIDE = "waits for somebody like who looks"
    NOTHING = "is not said yet"
    STATEMENT = "is of the statement of this number"
    PAYS = "pays, or has paid, the statement of this number"
    OF_SLOT = "is of the place for advertising of this code"
    ADVERTISED = "has a place for advertising on this day"
    WALKED = "is told apart by the walk, which may start from it"


PHONES: Final = frozenset({How.PHONE, How.CARD_OF_PHONE})
SECRETS: Final = frozenset({How.NUMBER, *PHONES})
"""What is found by these stands in no address: it is sent in a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, labelled by its name in WORDS."""

    name: str
    kind: type = str
    is_masked: bool = False
    """Whether it shows a part of what it is, for good."""
    right: str = ""
    """Shown only under a grant with this right."""
    opens: str = ""
    """The view that a value opens."""
    hidden_from: frozenset[Scope] = frozenset()
    """Of which scopes a grant is not shown it: other business of who a row is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What rows are found by; reaches an index, which a test proves."""

    name: str
    column: str
    how: How = How.IS
    kind: type = str
    words: tuple[str, ...] = ()
    """All that it may be, where that is a few: another word is refused."""
    beside: str = ""
    """The filter that has to be given with it: alone it names nothing."""
    order: tuple[str, ...] = ()
    """The keyset while rows are found by it, where the view's own would lead past others."""
    among: LiteralString = ""
    """A condition on `v` that is always true, which the index that leads to them begins with; whose
    each is is looked at then, for an index by that would lead past others."""

    @property
    def choices(self) -> tuple[str, ...]:
        """Its words; empty: any."""
        return self.words or tuple(
            str(one.value) for one in (self.kind if issubclass(self.kind, enum.Enum) else ())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """How an index finds one's own rows."""

    among: LiteralString
    """A condition on `v`, which the index begins with; `%(scope)s` is whose they are."""
    order: tuple[str, ...]
    """The keyset, in which it has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A page of what is read along the trail of cards, or from what else was asked."""

    cards: tuple[int, ...]
    """Those that the statement found in scope; none where nothing was asked that names a card."""
    asked: Mapping[str, Any]
    """Values of the filters that are the walk's, by their columns."""
    own: Place
    """Whose the grant is that looks."""
    is_seen: Callable[[Mapping[str, Any]], bool]
    """Whether a row that says whose it is lies within the grant."""
    is_of_member: bool
    """Whether it is asked by a member or for one: of a card, what came since it is theirs."""
    after: tuple[str, ...]
    """Where the page before ended, as the walk itself said it."""
    rows_max: int
    now: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """Rows by their columns, and where they ended; empty at the end."""

    rows: list[Mapping[str, Any]]
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One row."""

    id: str
    en: str
    zh: str
    roles: frozenset[str]
    scopes: frozenset[Scope]
    """Of which scopes a grant may look; which rows, its column in VIEW_COLUMNS says."""
    members: Scope | None = None
    """Under a grant of an alliance the column of this scope says which rows are seen: those of its
    members, on the days of their membership."""
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    """Columns of the statement, none of them null, that name one row: the keyset."""
    is_newest_first: bool = False
    filters: tuple[Filter, ...] = ()
    needs: frozenset[str] = frozenset()
    """Filters of which one has to be given: the whole is nobody's to walk through."""
    actions: tuple[str, ...] = ()
    """What may be done to a row."""
    state: str = ""
    """The column that says how a row stands, by which it is told what of that can be done now."""
    exports: str = ""
    """C CSV, X XLSX, P PDF."""
    walk: Callable[[Connection, Walk], Walked] | None = None
    """Where rows are read along the trails of cards, which the statement finds by their `id`: no
    index leads to them, for a posting would pay for it."""
    own: Mapping[Scope, Own] = field(default_factory=dict)
    """Of scopes whose column is joined to the rows, and leads no index to them; or which say by a
    condition that is always true which index is theirs, where a plan might take another's."""
    few: frozenset[Scope] = frozenset()
    """Scopes of which one's own rows are so few that they are read first, whatever is asked."""
    open_to: frozenset[Scope] = frozenset()
    """Scopes of which a grant sees all of it: it holds what anybody may know."""
    is_public: bool = False
    """Whether anybody sees it, by a number and within limits (`host.office.traced`): under no
    grant, and no scope cuts it."""
    cut_by_rows: frozenset[Scope] = frozenset()
    """Of a walk: scopes of which a card is nobody's, so that each row says whose it is."""

    def needs_of(self, scope: Scope) -> frozenset[str]:
        """What has to be given by whom this scope is: of a few rows, nothing."""
        return frozenset() if scope in self.few else self.needs


EVERYWHERE: Final = frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT, Scope.STORE})
"""Each sees its own organisation's."""
WITH_ALLIANCES: Final = EVERYWHERE | {Scope.ALLIANCE}
WITH_ALL: Final = WITH_ALLIANCES | {Scope.ENTERPRISE}
