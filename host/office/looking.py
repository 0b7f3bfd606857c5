"""The one reader of views; it alone says whose rows are seen.

A page is read by the place where the one before ended, so that it costs the same however far down
it is; what is counted is counted up to a limit. What is read along a card's trail is read in a
snapshot of its own, once the card was found in scope.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
import psycopg
from psycopg import errors

from host.cases import NOTICES
from host.model.office import Page, Pages, Refused, Show, ShowAll
from host.model.secrets import Pan, Secret
from host.office.allowed import may_see
from host.office.bearers import who_asks
from host.office.clients import is_key
from host.office.office import Office
from host.office.openly import is_open, show_openly, show_proof
from host.office.people import Who
from host.office.phones import phone_hash
from host.office.places import SCOPE_COLUMNS, VIEW_COLUMNS, Place, Scope
from host.office.questions import (
    CARDS_WALKED_MAX,
    Question,
    columns_for,
    count_question,
    page_question,
    rows_of,
    text_of,
    value_of,
)
from host.office.reading_pages import page_of
from host.office.refusals import (
    ENROL,
    FIELD,
    NOT_FOUND,
    NOT_YOUR_ROLE,
    OUT_OF_RANGE,
    Refusal,
    told_of,
)
from host.office.roles import ROLES
from host.office.traced import show_to_anybody
from host.office.view import PHONES, SECRETS, How, View, Walk
from host.stock.tries import card_of
from host.store.card_finding import CardUnknownError
from host.store.connecting import Connection
from host.store.queries import load_queries

MEMBERS: Final = load_queries("host.stock", "lives.sql")
MEMBER: Final = "member"
"""The column that says whose a card is."""
TO_ANYBODY: Final[Mapping[str, Callable[[Office, Connection, View, Show], Page]]] = {
    "trace": show_to_anybody,
    "lottery_proof": show_proof,
}
"""Views that nobody signs in for, by their ids."""


class _Planned(NamedTuple):
    """What is to be asked of the database."""

    view: View
    who: Who
    asked: Show
    question: Question
    values: Mapping[str, Any]


class _Found(NamedTuple):
    """What is to be walked."""

    view: View
    who: Who
    asked: Show
    cards: tuple[int, ...]
    """Those whose trails are to be read."""
    is_there: bool
    """False: what was asked names cards, of which none is in scope."""
    now: dt.datetime


def read_view(office: Office, connection: Connection, asked: Show) -> Page | Refused:
    """A page of a view, or why not. `connection` has no transaction open."""
    view = office.views.get(asked.view)
    try:
        if view is not None and asked.stands_in_address:
            _refuse_secrets(view, asked)
        if view is not None and view.is_public:
            return TO_ANYBODY[view.id](office, connection, view, asked)
        if view is not None and is_open(view, asked):
            return show_openly(office, connection, view, asked)
        with connection.transaction():
            found = _read(office, connection, asked)
        return found if isinstance(found, Page) else _walked(connection, found)
    except Refusal as refusal:
        return told_of(refusal)
    except errors.DataError:
        return told_of(Refusal(FIELD, field="filters", problem=OUT_OF_RANGE))


def read_views(office: Office, connection: Connection, asked: ShowAll) -> Pages | Refused:
    """A page of each, or why not of that one; who asks is looked at once.

    All leave for the database together, and are of one moment. What does not go together, and what
    fails there, is read alone.
    """
    shows = [
        msgspec.structs.replace(one, session=asked.session, source=asked.source)
        for one in asked.shows
    ]
    told: list[Page | Refused | None] = [None] * len(shows)
    if not is_key(asked.session):
        try:
            with connection.transaction():
                told = _read_together(office, connection, asked, shows)
        except Refusal as refusal:
            return told_of(refusal)
        except (errors.DataError, errors.QueryCanceled):
            pass  # each is read alone
    return Pages(
        pages=[
            read_view(office, connection, show) if page is None else page
            for show, page in zip(shows, told, strict=True)
        ]
    )


def _read_together(
    office: Office, connection: Connection, asked: ShowAll, shows: Sequence[Show]
) -> list[Page | Refused | None]:
    """What can be told of them so; None is to be read alone."""
    now = office.clock()
    who = who_asks(office, connection, asked, now)
    planned = [_plan_together(office, connection, who, one, now) for one in shows]
    with connection.pipeline():
        cursors = [
            connection.execute(one.question.statement, one.question.values)
            if isinstance(one, _Planned)
            else None
            for one in planned
        ]
    return [_told_of(one, cursor) for one, cursor in zip(planned, cursors, strict=True)]


def _told_of(
    planned: _Planned | Refusal | None, cursor: psycopg.Cursor[Any] | None
) -> Page | Refused | None:
    if isinstance(planned, Refusal):
        return told_of(planned)
    if planned is None or cursor is None:
        return None
    return page_of(
        columns_for(planned.view, planned.who), cursor.fetchall(), rows_of(planned.asked)
    )


def _plan_together(
    office: Office, connection: Connection, who: Who, asked: Show, now: dt.datetime
) -> _Planned | Refusal | None:
    view = office.views.get(asked.view)
    if view is not None and (view.is_public or is_open(view, asked) or view.walk is not None):
        return None
    try:
        return _plan(office, connection, who, asked, now) if not asked.is_counted else None
    except Refusal as refusal:
        return refusal


def _read(office: Office, connection: Connection, asked: Show) -> Page | _Found:
    now = office.clock()
    who = who_asks(office, connection, asked, now)
    planned = _plan(office, connection, who, asked, now)
    view, question = planned.view, planned.question
    if view.walk is not None:
        return _found(connection, planned)
    rows = connection.execute(question.statement, question.values).fetchall()
    page = page_of(columns_for(view, who), rows, rows_of(planned.asked))
    if not asked.is_counted:
        return page
    question = count_question(view, who, planned.asked, planned.values)
    count = connection.execute(question.statement, question.values).fetchone()
    assert count is not None, "a count is a row"
    return msgspec.structs.replace(page, count=count[0])


def _plan(
    office: Office, connection: Connection, who: Who, asked: Show, now: dt.datetime
) -> _Planned:
    """What is to be asked for who asks.

    Raises:
        Refusal: there is no such view, it is not theirs, or as `page_question`.
    """
    view = office.views.get(asked.view)
    if view is None:
        raise Refusal(NOT_FOUND, what="view")
    _refuse_role(view, who)
    values = {
        **office.told_of(now),
        "me": who.person,
        "mine": _decided_by(office, who),
        "notices": NOTICES,
        "is_member": who.is_member,
    }
    asked = _named(office, connection, view, asked)
    return _Planned(view, who, asked, page_question(view, who, asked, values), values)


def _named(office: Office, connection: Connection, view: View, asked: Show) -> Show:
    """With the numbers in the book of what is found by a card's number or a phone; 0: none."""
    told = dict(asked.filters)
    for row in view.filters:
        if row.name in told and row.how is How.NUMBER:
            told[row.name] = _number(_card_of(office, connection, text_of(row, told[row.name])))
        elif row.name in told and row.how in PHONES:
            told[row.name] = _number(_member_of(office, connection, text_of(row, told[row.name])))
    return msgspec.structs.replace(asked, filters=told)


def _number(number: int) -> Secret:
    return Secret(f"{number}".encode())


def _card_of(office: Office, connection: Connection, number: str) -> int:
    try:
        pan = Pan("".join(number.split()))
    except ValueError:
        return 0
    return card_of(connection, office.hsm, pan).id


def _member_of(office: Office, connection: Connection, phone: str) -> int:
    told = (phone_hash(office.hsm, phone.strip()),)
    row = connection.execute(MEMBERS["member_of_phone"], told).fetchone()
    return row[0] if row is not None else 0


def _found(connection: Connection, planned: _Planned) -> _Found:
    """The cards that what was asked names, in scope.

    Raises:
        Refusal: they are too many to be walked at once.
    """
    view, who, asked, question, values = planned
    now = values["now"]
    hows = {one.name: one.how for one in view.filters}
    is_of_few = who.grant is not None and who.grant.scope in view.few
    if not is_of_few and all(hows[name] is How.WALKED for name in asked.filters):
        return _Found(view, who, asked, (), is_there=True, now=now)
    rows = connection.execute(question.statement, question.values).fetchall()
    if len(rows) > CARDS_WALKED_MAX:
        problem = f"more than {CARDS_WALKED_MAX} cards: ask card by card"
        raise Refusal(FIELD, field="member", problem=problem)
    cards = tuple(row[0] for row in rows)
    return _Found(view, who, asked, cards, is_there=bool(cards), now=now)


def _walked(connection: Connection, found: _Found) -> Page:
    """Along trails; nothing where no card is in scope.

    Raises:
        Refusal: the place where it is to go on is none.
    """
    view, who = found.view, found.who
    names = [one.name for one in columns_for(view, who)]
    if not found.is_there or view.walk is None:
        return Page(columns=names, rows=[])
    walk = _walk_of(found)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            walked = view.walk(connection, walk)
        except (CardUnknownError, ValueError) as error:
            raise Refusal(FIELD, field="after", problem=str(error)) from None
    seen = [row for row in walked.rows if not view.cut_by_rows or walk.is_seen(row)]
    rows = [[msgspec.to_builtins(row.get(name)) for name in names] for row in seen]
    return Page(columns=names, rows=rows, next=list(walked.next))


def _walk_of(found: _Found) -> Walk:
    grant, asked = found.who.grant, found.asked
    assert grant is not None, "who looks has a grant"
    walked = {one.name: one for one in found.view.filters if one.how is How.WALKED}
    return Walk(
        cards=found.cards,
        asked={
            walked[name].column: value_of(walked[name], value)
            for name, value in asked.filters.items()
            if name in walked
        },
        own=grant.place,
        is_seen=partial(_is_seen, grant.scope, grant.place),
        is_of_member=grant.scope is Scope.MEMBER or _is_for_member(found),
        after=tuple(asked.after),
        rows_max=rows_of(asked),
        now=found.now,
    )


def _is_for_member(found: _Found) -> bool:
    """Whether a member is named by what was asked."""
    filters = found.asked.filters
    return any(one.column == MEMBER and one.name in filters for one in found.view.filters)


def _is_seen(scope: Scope, own: Place, row: Mapping[str, Any]) -> bool:
    """Whether a row that says whose it is lies within a grant; a member walks their own alone."""
    if scope in {Scope.PLATFORM, Scope.MEMBER}:
        return True
    number = getattr(own, SCOPE_COLUMNS[scope])
    return number is not None and row[VIEW_COLUMNS[scope]] == number


def _refuse_secrets(view: View, asked: Show) -> None:
    for row in view.filters:
        if row.name in asked.filters and row.how in SECRETS:
            problem = "it stands in no address: send it in the body of a POST"
            raise Refusal(FIELD, field=row.name, problem=problem)


def _refuse_role(view: View, who: Who) -> None:
    grant = who.grant
    assert grant is not None, "who looks has a grant"
    if not who.has_totp:
        raise Refusal(ENROL)
    if not may_see(view, grant):
        row = ROLES.get(grant.role)
        raise Refusal(NOT_YOUR_ROLE, role=row or grant.role)


def _decided_by(office: Office, who: Who) -> list[str]:
    """The actions that somebody of this grant may agree to."""
    role = who.grant.role if who.grant else ""
    return [one.id for one in office.actions.values() if role in one.may_approve]
