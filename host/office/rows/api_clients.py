"""API clients: programs, each under one grant that names what it may do and see.

What a client may do is said by somebody who could give it to a person there, and agreed to by a
second person wherever it does anything at all. Its key is had afterwards, by whoever asks for it;
what it may do is said anew as a whole, and the grant before ends.
"""

import datetime as dt
import ipaddress
from typing import Annotated, Final

from msgspec import Meta

from host.office.action import Acting, Action, Result, Second, Step
from host.office.clients import SQL, new_key, prefix_of
from host.office.fields import Days, Login, Name, Note, Number, Values
from host.office.grants import SQL as PEOPLE
from host.office.grants import Given, add_grant, place_columns, scope_ref
from host.office.places import Scope
from host.office.refusals import FIELD, LOGIN, STATE, Refusal
from host.office.roles import AP, AU, IM, MO, PA, ROLES, may_give
from host.office.subjects import Found, Ref
from host.office.tokens import token_hash
from host.office.view import Column, Filter, View

Network = Annotated[str, Meta(max_length=43, pattern=r"^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$")]
Calls = Annotated[int, Meta(ge=1, le=6_000)]
Hours = Annotated[int, Meta(ge=0, le=720)]
KeyPrefix = Annotated[str, Meta(pattern=r"^psk_[0-9A-Za-z_-]{8}$")]
CALLS_USUAL: Final = 120
MAKERS: Final = frozenset({PA, MO, IM})


class ApiClientSave(Values, frozen=True, kw_only=True):
    """A new one needs a name and where it works; else what it may do and see is said anew."""

    client: Login
    name: Name | None = None
    scope: Scope | None = None
    scope_key: str = ""
    """The institution id, code of an alliance, merchant id or number of a store."""
    actions: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    networks: frozenset[Network] = frozenset()
    """From where it may ask; none: from anywhere."""
    calls_a_minute: Calls = CALLS_USUAL
    limit_minor: Number | None = None


class ApiClientRoll(Values, frozen=True, kw_only=True):
    """Whose key is made anew; those before are good for some hours more."""

    client: Login
    days: Days = 365
    overlap_hours: Hours = 24


class ApiClientRevoke(Values, frozen=True, kw_only=True):
    """Which key is good no more, by how it begins; none named: all of them, at once."""

    client: Login
    api_key: KeyPrefix | None = None
    note: Note


def _save(acting: Acting, values: ApiClientSave) -> Result:
    at = acting.subject if acting.about is not None else acting.within
    assert at is not None, "a new client is made somewhere"
    given = _given(acting, values, _scope_of(at, values))
    number = _make(acting, values, at) if acting.about is None else _end_before(acting, values)
    add_grant(acting.connection, number, at.place, given, by=acting.who.person)
    beside = {
        "actions": sorted(given.actions),
        "views": sorted(given.views),
        "networks": sorted(given.networks),
        "calls_a_minute": given.calls_a_minute,
    }
    return Result(key=values.client, beside=beside)


def _scope_of(at: Found, values: ApiClientSave) -> Scope:
    """Where it works: as it is said of a new one; one that is there stays where it is.

    Raises:
        Refusal: it is there, and said to be elsewhere.
    """
    if at.ref.kind != "api_client":
        return values.scope or Scope.PLATFORM
    if values.scope is not None or values.scope_key:
        raise Refusal(FIELD, field="scope", problem="it stays where it was made")
    for scope, number in (
        (Scope.STORE, at.place.store_id),
        (Scope.MERCHANT, at.place.merchant_id),
        (Scope.ALLIANCE, at.place.alliance_id),
        (Scope.ISSUER, at.place.issuer_id),
    ):
        if number is not None:
            return scope
    return Scope.PLATFORM


def _given(acting: Acting, values: ApiClientSave, scope: Scope) -> Given:
    """What it may do and see there.

    Raises:
        Refusal: some of it is nothing that a program may be given there by who gives it.
    """
    if scope not in ROLES[AP].scopes:
        raise Refusal(FIELD, field="scope", problem="no program works there")
    roles = {
        row.id
        for row in ROLES.values()
        if scope in row.scopes
        and (row.id == acting.grant.role or may_give(acting.grant.role, row.id))
    }
    may_do = {
        row.id
        for row in acting.actions.values()
        if row.may_be_called and not roles.isdisjoint(row.roles)
    }
    may_see = {
        row.id
        for row in acting.views.values()
        if scope in row.scopes and not roles.isdisjoint(row.roles)
    }
    for field, named, may in (
        ("actions", values.actions, may_do),
        ("views", values.views, may_see),
    ):
        for other in sorted(named - may):
            raise Refusal(
                FIELD, field=field, problem=f"{other} is none that a program may be given there"
            )
    for network in values.networks:
        _refuse_no_network(network)
    return Given(
        role=AP,
        scope=scope,
        from_at=acting.now,
        limit_minor=values.limit_minor,
        actions=values.actions,
        views=values.views,
        networks=values.networks,
        calls_a_minute=values.calls_a_minute,
    )


def _refuse_no_network(told: str) -> None:
    try:
        ipaddress.ip_network(told)
    except ValueError:
        problem = "it is a network, as 192.0.2.0/24, or an address"
        raise Refusal(FIELD, field="networks", problem=problem) from None


def _make(acting: Acting, values: ApiClientSave, at: Found) -> int:
    if values.name is None:
        raise Refusal(FIELD, field="name", problem="a new client needs it")
    told = {
        "login": values.client,
        "name": values.name,
        "now": acting.now,
        "by": acting.who.person,
        **place_columns(at),
    }
    row = acting.connection.execute(SQL["add_client"], told).fetchone()
    assert row is not None, "RETURNING"
    return int(row[0])


def _end_before(acting: Acting, values: ApiClientSave) -> int:
    number = int(acting.subject.id)
    told = {"person": number, "now": acting.now, "by": acting.who.person}
    acting.connection.execute(PEOPLE["end_grants_of"], told)
    if values.name is not None:
        named = {"id": number, "name": values.name}
        acting.connection.execute(PEOPLE["rename_person"], named)
    return number


def _roll(acting: Acting, values: ApiClientRoll) -> Result:
    until = acting.now + dt.timedelta(hours=values.overlap_hours)
    _end_keys(acting, until, None)
    key = new_key()
    expires_at = acting.now + dt.timedelta(days=values.days)
    told = {
        "token_hash": token_hash(key),
        "person": acting.subject.id,
        "prefix": prefix_of(key),
        "now": acting.now,
        "by": acting.who.login,
        "expires_at": expires_at,
    }
    acting.connection.execute(SQL["add_key"], told)
    beside = {"api_key": prefix_of(key), "until": expires_at.isoformat()}
    return Result(beside=beside, shown_once={"key": key.reveal().decode()})


def _revoke(acting: Acting, values: ApiClientRevoke) -> Result:
    ended = _end_keys(acting, acting.now, values.api_key)
    if not ended:
        raise Refusal(STATE, field="api_key", state="ended")
    return Result(told={"ended": ended}, beside={"api_key": values.api_key or "all"})


def _end_keys(acting: Acting, until: dt.datetime, prefix: str | None) -> int:
    told = {"person": acting.subject.id, "until": until, "prefix": prefix}
    return acting.connection.execute(SQL["end_keys"], told).rowcount


def _of_client(values: ApiClientSave | ApiClientRoll | ApiClientRevoke) -> Ref:
    return Ref("api_client", values.client)


SAVE: Final = Action(
    id="api_client.save",
    en="Add an API client, or say what it may do",
    zh="接口客户端",
    values=ApiClientSave,
    roles=MAKERS,
    do=_save,
    about=_of_client,
    within=lambda values: scope_ref(values.scope or Scope.PLATFORM, values.scope_key),
    taken=LOGIN,
    second=Second.WHEN,
    second_when=lambda _acting, values: bool(values.actions),
    step=Step.OWN,
)
ROLL: Final = Action(
    id="api_client.roll",
    en="Make a new key of an API client",
    zh="换发接口密钥",
    values=ApiClientRoll,
    roles=MAKERS,
    do=_roll,
    about=_of_client,
    step=Step.OWN,
)
REVOKE: Final = Action(
    id="api_client.revoke",
    en="Revoke keys of an API client",
    zh="吊销接口密钥",
    values=ApiClientRevoke,
    roles=MAKERS,
    do=_revoke,
    about=_of_client,
    is_for_people=True,
)
CLIENTS: Final = View(
    id="api_clients",
    en="API clients",
    zh="接口客户端",
    roles=frozenset({PA, AU, IM, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="client"),
        Column(name="name"),
        Column(name="scope"),
        Column(name="scope_key"),
        Column(name="actions", kind=list),
        Column(name="views", kind=list),
        Column(name="networks", kind=list),
        Column(name="calls_a_minute", kind=int),
        Column(name="limit_minor", kind=int),
        Column(name="api_keys", kind=list),
        Column(name="called_at", kind=dt.datetime),
        Column(name="until_at", kind=dt.datetime),
    ),
    order=("name", "id"),
    filters=(Filter(name="client", column="client"),),
    actions=("api_client.save", "api_client.roll", "api_client.revoke"),
    exports="C",
)
