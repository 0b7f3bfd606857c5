"""Giving rights: a role at a place, by somebody who may give it there, to another person."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from host.office.action import Acting
from host.office.places import SCOPE_COLUMNS, Place, Scope, reaches
from host.office.refusals import FIELD, LAST, NOT_FOUND, OWN, SCOPE, Refusal
from host.office.roles import PA, ROLES, may_give
from host.office.sessions import grants_of, refuse_conflict
from host.office.subjects import THE_PLATFORM, Found, Ref, find
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "people.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is to be given."""

    role: str
    scope: Scope
    from_at: dt.datetime
    until_at: dt.datetime | None = None
    rights: frozenset[str] = field(default_factory=frozenset)
    limit_minor: int | None = None
    actions: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    calls_a_minute: int | None = None
    """Of a program, as what it may do and see, and from where it may ask."""


def scope_ref(scope: Scope, key: str) -> Ref:
    """Of whom a grant is, as a subject.

    Raises:
        Refusal: there are no grants of that kind yet.
    """
    if scope is Scope.PLATFORM:
        return THE_PLATFORM
    if scope not in SCOPE_COLUMNS:
        raise Refusal(FIELD, field="scope", problem=f"there are no grants of a {scope} yet")
    return Ref(scope.value, key)


def give(acting: Acting, person: int, at: Found, given: Given) -> int:
    """Give it; gives the number of the grant.

    Raises:
        Refusal: the giver may not, the role is of another scope, or it does not go with others.
    """
    role = ROLES.get(given.role)
    if role is None or given.scope not in role.scopes:
        raise Refusal(FIELD, field="role", problem=f"there is no role {given.role} of that scope")
    if not may_give(acting.grant.role, given.role):
        raise Refusal(SCOPE, field="role")
    if person == acting.who.person:
        raise Refusal(OWN, field="login")
    held = grants_of(acting.connection, person, acting.now, with_later=True)
    refuse_conflict(given.role, at.place, held)
    return add_grant(acting.connection, person, at.place, given, by=acting.who.person)


def add_grant(
    connection: Connection, person: int, place: Place, given: Given, *, by: int | None
) -> int:
    """A grant that may be given; gives its number."""
    row = connection.execute(
        SQL["add_grant"],
        {
            "person": person,
            "role": given.role,
            "scope": given.scope.value,
            **columns_of(place),
            "rights": sorted(given.rights),
            "limit_minor": given.limit_minor,
            "actions": sorted(given.actions),
            "views": sorted(given.views),
            "networks": sorted(given.networks),
            "calls_a_minute": given.calls_a_minute,
            "from_at": given.from_at,
            "until_at": given.until_at,
            "by": by,
        },
    ).fetchone()
    assert row is not None, "RETURNING"
    number: int = row[0]
    return number


def find_at_work(acting: Acting, login: str) -> None:
    """Whoever works within the grant in use, wherever they were invited.

    Raises:
        Refusal: nobody of that login does.
    """
    found = find(acting.connection, Ref("person", login))
    held = [] if found is None else grants_of(acting.connection, int(found.id), acting.now)
    if not any(reaches(acting.grant.scope, acting.grant.place, one.place) for one in held):
        raise Refusal(NOT_FOUND, what="person")


def refuse_last(acting: Acting, person: int, roles: set[str]) -> None:
    """Return where somebody is left who can give rights.

    Raises:
        Refusal: nobody would be.
    """
    if PA in roles and not has_other_administrator(acting, person):
        raise Refusal(LAST)


def has_other_administrator(acting: Acting, person: int) -> bool:
    """Whether somebody else could give rights."""
    told = {"person": person, "now": acting.now}
    row = acting.connection.execute(SQL["other_administrators"], told).fetchone()
    return row is not None and row[0] > 0


def place_columns(at: Found) -> dict[str, Any]:
    """Its place, as the columns of people and grants."""
    return columns_of(at.place)


def columns_of(place: Place) -> dict[str, Any]:
    """A place, as the columns of people and grants."""
    columns = msgspec.structs.asdict(place)
    columns.pop("member_id")
    return columns
