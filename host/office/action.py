"""What a row of ACTIONS is, and what its function is given.

A row names who may do it, to what, with which values, whether a second person has to agree and
whether a one-time code is asked for. Its function does the one thing: it is checked, counted, put
into history and undone around it, by `host.office.doing`.
"""

import datetime as dt
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from host.hsm.interface import Hsm
from host.model.office import Do, Outcome
from host.model.word import Word
from host.office.fields import Values
from host.office.people import Grant, Who
from host.office.places import reaches
from host.office.refusals import NOT_FOUND, Refusal, RefusalKind
from host.office.roles import MB, PA, STAFF
from host.office.subjects import Found, Ref, find
from host.office.trials import Tries
from host.office.view import View
from host.sms import Sms
from host.store.connecting import Connection
from host.store.estate_versions import Followed
from host.store.office_settings import OfficeSetting

V = TypeVar("V", bound=Values)
VALUES_BYTES_MAX: Final = 256 * 1024


@enum.unique
class Second(enum.Enum):
    """Whether another person has to agree."""

    NO = "no"
    ALWAYS = "always"
    WHEN = "when its row says so of the values, or of who asks"
    ABOVE_LIMIT = "above the limit of the grant"
    ITSELF = "it is itself the second pair of eyes: whoever made the subject may not"


@enum.unique
class Step(enum.Enum):
    """Whose one-time code is asked for."""

    NO = "no"
    OWN = "T"
    """Of who asks; and of who agrees, where it takes two."""
    OWNERS = "O"
    """Of who agrees alone, in a session of their own: it is bound to what they were shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What an action's function gives back."""

    key: str | None = None
    """What the subject is named by, where it is new."""
    told: Mapping[str, Any] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What history keeps beside what the subject's own row says before and after."""
    shown_once: Mapping[str, str] = field(default_factory=dict)


OK: Final = Result()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Who does it, when, to what, and with what: all that an action's function needs."""

    connection: Connection
    hsm: Hsm
    now: dt.datetime
    who: Who
    about: Found | None
    """The subject as it is; None where it is not there yet."""
    within: Found | None = None
    """Where a new subject is made."""
    approval: int | None = None
    """By which it was agreed to."""
    agreed_by: str = ""
    """The login of who agreed."""
    actions: "Mapping[str, Action[Any]]" = field(default_factory=dict)
    """The table, for what runs another action: an approval."""
    views: Mapping[str, View] = field(default_factory=dict)
    """The table, for what names rows of it: the grant of a program."""
    asked: Do | None = None
    """As it came."""
    tries: Tries | None = None
    """What a till would be told is found out by."""
    sms: Sms | None = None
    """What sends texts to phones."""
    moved: list[tuple[Followed, int | str]] = field(default_factory=list)
    """Rows of the estate that running hosts have to read again: relation and key."""

    @property
    def subject(self) -> Found:
        """The subject of an action that makes none."""
        assert self.about is not None, "the runner finds it first"
        return self.about

    @property
    def grant(self) -> Grant:
        """The one in use."""
        assert self.who.grant is not None, "the runner looks first"
        return self.who.grant

    def find(self, kind: str, key: object) -> Found:
        """Another subject that the grant in use reaches.

        Raises:
            Refusal: there is none, or none here.
        """
        return reached(self.connection, self.grant, Ref(kind, str(key)))

    def move(self, what: Followed, key: int | str) -> None:
        """Say that running hosts have to read this row of the estate again, from now on."""
        self.moved.append((what, key))


def reached(connection: Connection, grant: Grant, ref: Ref) -> Found:
    """A subject within a grant.

    Raises:
        Refusal: there is none, or none here.
    """
    found = find(connection, ref)
    if found is None or not reaches(grant.scope, grant.place, found.place):
        raise Refusal(NOT_FOUND, what=ref.kind)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Generic[V]):
    """One row."""

    id: str
    en: str
    zh: str
    values: type[V]
    roles: frozenset[str]
    do: Callable[[Acting, V], Result]
    about: Callable[[V], Ref] | None
    """What it is about; None: the person themselves."""
    within: Callable[[V], Ref] | None = None
    """Where it is made, if it is not there; None: it is never made."""
    with_whom: Callable[[V], Ref] | None = None
    """Who is asked into what is made, wherever they stand: it is theirs, too, to see and agree."""
    settled: Callable[[Acting, V], V] = lambda _acting, values: values
    """What was asked for, as it is done and frozen: a phone becomes who has it, and is not kept."""
    second: Second = Second.NO
    second_when: Callable[[Acting, V], bool] = lambda _acting, _values: True
    amount: Callable[[V], int] = lambda _values: 0
    """What is held against the limit of a grant, in minor units."""
    approvers: frozenset[str] = frozenset()
    """Who may be second; none named: the same roles, or a platform administrator."""
    step: Step = Step.NO
    step_when: Callable[[Acting, V], bool] = lambda _acting, _values: True
    said: Callable[[Acting, V], Word] | None = None
    """What the code is for, in words beside it, where the subject's key does not say it all."""
    foretold: Callable[[Acting, V], Mapping[str, Any]] | None = None
    """What whoever decides is shown of what it would do, as things are: beside what was asked, and
    counted again in a rehearsal."""
    gives: str = ""
    """The action that hands out the file which is made by this one's job, to who asked."""
    takes: str = ""
    """The field that is the number of a file, which is sent first."""
    bytes_max: int = VALUES_BYTES_MAX
    """Of its values."""
    hands_out: bool = False
    """Whether what it shows once is a file, `content` in base64."""
    may_print: bool = False
    """Whether that is printed where no file is named: it is text, and no secret."""
    whole: Callable[[Any, Connection, Do], Outcome] | None = None
    """Given the office, done by this and not by the runner in its one transaction: it asks the
    poster in between."""
    is_entry: bool = False
    """Whether it is done by who has not signed in."""
    begins: tuple[str, ...] = ()
    """States of its subject in which it can be done, of the table of states; none: no state forbids
    it. Told to who draws pages; its function asks the table itself."""
    taken: RefusalKind = NOT_FOUND
    """What is told of a subject to be made that is there already, where this grant does not reach.
    """
    may_enrol: bool = False
    """Whether it may be done by who has no one-time codes yet."""

    only_where: OfficeSetting | None = None
    """The setting without which it is done nowhere in the house."""
    is_for_people: bool = False
    """Whether no program may do it, though it asks for no code."""

    @property
    def may_be_called(self) -> bool:
        """Whether a program may do it, where its grant names it.

        It asks for no code, decides nothing, hands out no secrets, and is not about who signs in.
        """
        return not (
            self.is_entry
            or self.is_for_people
            or self.gives
            or self.roles >= STAFF
            or self.roles <= {MB}
            or self.step is not Step.NO
            or self.second is Second.ITSELF
        )

    @property
    def may_approve(self) -> frozenset[str]:
        """Whose holders may be second, each within their own scope."""
        return self.approvers or self.roles | {PA}
