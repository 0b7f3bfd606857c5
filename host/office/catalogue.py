"""The catalogue: what a grant may look at and do, told to who draws pages or offers an API.

It is the two tables as their rows stand, cut to the grant in use by the same words that the two
runners ask, so that nothing is offered that would be refused for who asks it. What is found out of
rows alone is made once for a role at a scope, and kept.
"""

import datetime as dt
import functools
import inspect
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from host.model.catalogue import (
    ActionTold,
    Catalogue,
    Choice,
    ColumnKind,
    ColumnTold,
    FieldTold,
    FilterTold,
    GrantTold,
    Input,
    Look,
    OthersTold,
    ViewTold,
)
from host.model.office import Refused
from host.office.action import Action, Second, Step
from host.office.allowed import may_do, may_see
from host.office.bearers import who_asks
from host.office.field_kinds import choices_of, is_secret, kinds_of
from host.office.office import Office
from host.office.people import Grant
from host.office.questions import columns_for
from host.office.refusals import Refusal, told_of
from host.office.roles import ROLES
from host.office.schemas import schemas_of
from host.office.sessions import grants_of, names_of_places
from host.office.view import SECRETS, Filter, How, View
from host.office.words import is_amount, word_of, word_of_field
from host.store.connecting import Connection
from host.store.office_settings import values_of

MANY: Final = (frozenset, tuple, list)
INPUTS: Final[dict[Any, Input]] = {
    int: "number",
    bool: "flag",
    dt.date: "day",
    dt.datetime: "moment",
}
ROLE_CHOICES: Final = [
    Choice(value=role.id, en=role.en, zh=role.zh) for role in ROLES.values() if role.signs_in
]
SEARCHED: Final[dict[How, Input]] = {
    How.MINE: "flag",
    How.TO_DECIDE: "flag",
    How.NOTHING: "flag",
    **dict.fromkeys(SECRETS, "secret"),
}


def read_catalogue(office: Office, connection: Connection, asked: Look) -> Catalogue | Refused:
    """Everything there is for who asks. `connection` has no transaction open."""
    now = office.clock()
    try:
        with connection.transaction():
            who = who_asks(office, connection, asked, now)
            assert who.grant is not None, "who asks has a grant"
            assert who.person is not None, "who asks is somebody"
            held = [who.grant] if who.is_member else grants_of(connection, who.person, now)
            places = names_of_places(connection, [who.grant, *held])
            off = _off(office, connection)
    except Refusal as refusal:
        return told_of(refusal)
    allowed = [
        action
        for action in office.actions.values()
        if not action.is_entry
        and action.id not in off
        and may_do(action, who.grant)
        and (who.has_totp or action.may_enrol)
    ]
    named = frozenset(action.id for action in allowed)
    views = [
        msgspec.structs.replace(
            _view(view),
            needs=sorted(view.needs_of(who.grant.scope)),
            columns=[
                _column(view.id, one.name, one.kind, one.opens) for one in columns_for(view, who)
            ],
            actions=[each for each in view.actions if each in named],
            by_others=[
                _others(action)
                for action in map(office.actions.__getitem__, view.actions)
                if action.begins and action.id not in named
            ],
        )
        for view in office.views.values()
        if who.has_totp and may_see(view, who.grant)
    ]
    seen = [office.views[one.id] for one in views]
    return Catalogue(
        login=who.login,
        grant=_grant(who.grant, places),
        grants=[_grant(one, places) for one in held],
        has_totp=who.has_totp,
        views=views,
        actions=[_action(action) for action in allowed],
        done_by_others=[
            Choice(value=one.id, en=one.en, zh=one.zh)
            for one in office.actions.values()
            if one.id not in named
        ]
        if any(column.name == "action" for view in views for column in view.columns)
        else [],
        schemas=schemas_of(tuple(allowed), tuple(seen)) if asked.with_schemas else None,
    )


def _off(office: Office, connection: Connection) -> frozenset[str]:
    """What is done nowhere in this house, by its settings."""
    held = [one for one in office.actions.values() if one.only_where is not None]
    settings = [one.only_where for one in held if one.only_where is not None]
    told = zip(held, values_of(connection, *settings), strict=True)
    return frozenset(one.id for one, value in told if not value)


def listed(
    actions: Iterable[Action[Any]], views: Iterable[View]
) -> tuple[list[ActionTold], list[ViewTold]]:
    """Rows of the two tables as they stand, cut to no grant."""
    told = [
        msgspec.structs.replace(
            _view(view),
            columns=[_column(view.id, one.name, one.kind, one.opens) for one in view.columns],
            actions=list(view.actions),
        )
        for view in views
    ]
    return [_action(action) for action in actions], told


def _grant(held: Grant, places: Mapping[int, str]) -> GrantTold:
    role = ROLES[held.role]
    return GrantTold(
        id=held.id,
        role=held.role,
        en=role.en,
        zh=role.zh,
        scope=held.scope.value,
        at=held.held_at,
        name=places.get(held.id, ""),
    )


COLUMN_KINDS: Final[Mapping[type, ColumnKind]] = {
    int: "whole",
    bool: "yes_no",
    dt.date: "day",
    dt.datetime: "moment",
}
"""What is none of these is text, or several of them in one cell."""


@functools.cache
def _column(view: str, name: str, kind: type, opens: str) -> ColumnTold:
    word = word_of_field(name, view)
    told = COLUMN_KINDS.get(kind, "text")
    return ColumnTold(name=name, en=word.en, zh=word.zh, kind=told, opens=opens)


def _view(view: View) -> ViewTold:
    return ViewTold(
        id=view.id,
        en=view.en,
        zh=view.zh,
        columns=[],
        filters=[_filter(one) for one in view.filters],
        needs=sorted(view.needs),
        state=view.state,
    )


@functools.cache
def _others(action: Action[Any]) -> OthersTold:
    roles = [ROLES[each] for each in sorted(action.roles)]
    return OthersTold(
        en=action.en,
        zh=action.zh,
        states=list(action.begins),
        roles=[Choice(value=one.id, en=one.en, zh=one.zh) for one in roles],
        is_for_another=action.second is Second.ITSELF,
    )


@functools.cache
def _filter(told: Filter) -> FilterTold:
    word = word_of(told.name)
    choices = ROLE_CHOICES if told.name == "role" else _choices(told.choices)
    found: Input = "choice" if choices else INPUTS.get(told.kind, "text")
    if found == "flag":
        found = "either"
    return FilterTold(
        name=told.name,
        en=word.en,
        zh=word.zh,
        input=SEARCHED.get(told.how, found),
        choices=choices,
        beside=told.beside,
    )


@functools.cache
def _action(action: Action[Any]) -> ActionTold:
    subject = action.id.split(".")[0]
    return ActionTold(
        id=action.id,
        en=action.en,
        zh=action.zh,
        about=" ".join((inspect.getdoc(action.values) or "").split()),
        fields=[
            _field(each, subject, is_file=each.name == action.takes)
            for each in msgspec.structs.fields(action.values)
        ],
        waits=action.second not in {Second.NO, Second.ITSELF},
        asks_code=action.step is Step.OWN,
        takes=action.takes,
        states=list(action.begins),
        hands_out=action.hands_out,
    )


def _field(field: msgspec.structs.FieldInfo, subject: str, *, is_file: bool) -> FieldTold:
    word = word_of_field(field.name, subject)
    (kind, *_) = kinds_of(field.type)
    is_many = typing.get_origin(kind) in MANY
    if is_many:
        (kind, *_) = kinds_of(typing.get_args(kind)[0])
    choices = ROLE_CHOICES if field.name == "role" else _choices(choices_of(kind))
    return FieldTold(
        name=field.name,
        en=word.en,
        zh=word.zh,
        input=_input(field, kind, has_choices=bool(choices), is_file=is_file),
        is_needed=field.required,
        is_many=is_many,
        choices=choices,
        default=_default(field),
        characters_max=_characters_max(field.type),
    )


def _input(
    field: msgspec.structs.FieldInfo, kind: Any, *, has_choices: bool, is_file: bool
) -> Input:
    if is_file:
        return "file"
    if is_secret(field):
        return "secret"
    if kind is bool and field.default is None:
        return "either"
    if kind is int and is_amount(field.name):
        return "money"
    return "choice" if has_choices else INPUTS.get(kind, "text")


def _choices(words: Iterable[str]) -> list[Choice]:
    return [Choice(value=each, en=word_of(each).en, zh=word_of(each).zh) for each in words]


def _default(field: msgspec.structs.FieldInfo) -> str:
    """As it would be typed; empty where nothing, or more than one thing, is meant."""
    told = msgspec.to_builtins(field.default) if field.default is not msgspec.NODEFAULT else None
    if isinstance(told, bool):
        return "true" if told else ""
    return str(told) if isinstance(told, str | int) else ""


def _characters_max(kind: Any) -> int | None:
    """Of a text that is longer than a line."""
    for part in (kind, *getattr(kind, "__args__", ())):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta) and meta.max_length is not None:
                return meta.max_length
    return None
