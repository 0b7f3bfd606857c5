"""People: who is let in, what they may do, and how that ends."""

import datetime as dt
from typing import Any, Final, Literal

import msgspec

from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import Login, Name, Note, Number, Phone, Values
from host.office.grants import (
    SQL,
    Given,
    give,
    has_other_administrator,
    place_columns,
    refuse_last,
    scope_ref,
)
from host.office.phones import keep_phone
from host.office.places import Scope
from host.office.refusals import FIELD, LOGIN, NOT_YOUR_ROLE, OWN, OWNS, STATE, Refusal
from host.office.roles import AL, BO, FN, HR, IM, MO, PA, PO, RK, ROLES, SM
from host.office.rows.entries import end_sessions
from host.office.sessions import grants_of
from host.office.subjects import Found, Ref
from host.office.tokens import new_token, token_hash
from host.store.office_settings import INVITATION_HOURS, value_of

MAKERS: Final = frozenset({PA, PO, IM, AL, HR, MO, SM})
GUARDED: Final = frozenset({PA, FN, BO})
"""Whose one-time codes are reset by two."""


class PersonSave(Values, frozen=True, kw_only=True):
    """A new person needs a name, a role and where; of one that is there name and phone change."""

    login: Login
    name: Name | None = None
    phone: Phone | None = None
    role: str | None = None
    scope: Scope = Scope.PLATFORM
    scope_key: str = ""
    """The institution id, code of an alliance, merchant id or number of a store."""
    until: dt.datetime | None = None


class PersonGrant(Values, frozen=True, kw_only=True):
    """One more role."""

    login: Login
    role: str
    scope: Scope
    scope_key: str = ""
    from_at: dt.datetime | None = None
    until: dt.datetime | None = None
    rights: frozenset[Literal["reveal", "export", "activate"]] = frozenset()
    limit_minor: Number | None = None


class PersonRevoke(Values, frozen=True, kw_only=True):
    """Which grant, and why."""

    grant: Number
    note: Note


class PersonLock(Values, frozen=True, kw_only=True):
    """Locked or let in again."""

    login: Login
    is_locked: bool = True
    note: Note


class PersonReset(Values, frozen=True, kw_only=True):
    """What is forgotten or lost."""

    login: Login
    which: frozenset[Literal["password", "totp"]]
    note: Note


class PersonDisable(Values, frozen=True, kw_only=True):
    """For good."""

    login: Login
    note: Note
    hand_over_to: Login | None = None


def _save(acting: Acting, values: PersonSave) -> Result:
    return _edit(acting, values) if acting.about else _invite(acting, values)


def _invite(acting: Acting, values: PersonSave) -> Result:
    assert acting.within is not None, "a new person is made somewhere"
    return Result(
        key=values.login,
        beside=told_of_grant(values),
        shown_once=make_person(acting, values, acting.within),
    )


def told_of_grant(values: "PersonSave | PersonGrant") -> dict[str, Any]:
    """What was given, for history."""
    told = msgspec.to_builtins(msgspec.structs.asdict(values))
    names = ("role", "scope", "scope_key", "from_at", "until", "rights", "limit_minor")
    return {name: told[name] for name in names if told.get(name)}


def make_person(acting: Acting, values: PersonSave, at: Found) -> dict[str, str]:
    """A new person with a role there; gives what is shown once, their invitation.

    Raises:
        Refusal: something is missing, or may not be given.
    """
    if values.name is None or values.role is None:
        missing = "name" if values.name is None else "role"
        raise Refusal(FIELD, field=missing, problem="a new person needs it")
    named: dict[str, object] = {"login": values.login, "name": values.name}
    made = {"now": acting.now, "by": acting.who.person}
    told = named | _phone(acting, values) | place_columns(at) | made
    row = acting.connection.execute(SQL["add_person"], told).fetchone()
    assert row is not None, "RETURNING"
    given = Given(role=values.role, scope=values.scope, from_at=acting.now, until_at=values.until)
    give(acting, row[0], at, given)
    return invite(acting, row[0])


def _edit(acting: Acting, values: PersonSave) -> Result:
    if values.role is not None:
        raise Refusal(FIELD, field="role", problem="the person is there: use person.grant")
    if values.name is not None:
        told = {"id": acting.subject.id, "name": values.name}
        acting.connection.execute(SQL["rename_person"], told)
    if values.phone is not None:
        reached: dict[str, object] = {"id": acting.subject.id, **_phone(acting, values)}
        acting.connection.execute(SQL["change_phone"], reached)
    return OK


def _phone(acting: Acting, values: PersonSave) -> dict[str, object]:
    if values.phone is None:
        return {"phone_hash": None, "phone_sealed": None, "phone_masked": ""}
    kept = keep_phone(acting.hsm, values.phone, f"person/{values.login}")
    return {"phone_hash": kept.hash, "phone_sealed": kept.sealed, "phone_masked": kept.masked}


def invite(acting: Acting, person: int) -> dict[str, str]:
    """A new invitation, good once for some hours; those before are worth nothing."""
    hours = value_of(acting.connection, INVITATION_HOURS)
    acting.connection.execute(SQL["end_invitations"], {"person": person, "now": acting.now})
    token = new_token()
    acting.connection.execute(
        SQL["add_invitation"],
        {
            "token_hash": token_hash(token),
            "person": person,
            "now": acting.now,
            "by": acting.who.person,
            "expires_at": acting.now + dt.timedelta(hours=hours),
        },
    )
    return {"invitation": token.reveal().decode()}


def _grant(acting: Acting, values: PersonGrant) -> Result:
    ref = scope_ref(values.scope, values.scope_key)
    at = acting.find(*ref)
    given = Given(
        role=values.role,
        scope=values.scope,
        from_at=values.from_at or acting.now,
        until_at=values.until,
        rights=values.rights,
        limit_minor=values.limit_minor,
    )
    number = give(acting, _number(acting), at, given)
    return Result(told={"grant": number}, beside=told_of_grant(values))


def _revoke(acting: Acting, values: PersonRevoke) -> Result:
    content = acting.subject.content
    if content["ended_at"] is not None:
        raise Refusal(STATE, state="ended")
    if not _may_take(acting, content["role"]):
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[acting.grant.role])
    refuse_last(acting, content["person_id"], {content["role"]})
    told = {"id": values.grant, "now": acting.now, "by": acting.who.person}
    acting.connection.execute(SQL["end_grant"], told)
    return OK


def _may_take(acting: Acting, role: str) -> bool:
    row = ROLES.get(role)
    return acting.grant.role == PA or (row is not None and acting.grant.role in row.given_by)


def _lock(acting: Acting, values: PersonLock) -> Result:
    was = acting.subject.content["state"]
    if not values.is_locked and acting.grant.role not in {PA, MO}:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[acting.grant.role])
    if was != ("active" if values.is_locked else "locked"):
        raise Refusal(STATE, state=was)
    person = _other(acting)
    if values.is_locked:
        refuse_last(acting, person, _roles(acting, person))
    _set_state(acting, person, "locked" if values.is_locked else "active")
    return OK


def _reset(acting: Acting, values: PersonReset) -> Result:
    person, was = _other(acting), acting.subject.content["state"]
    if was == "disabled" or not values.which:
        raise Refusal(STATE, state=was)
    if "totp" in values.which:
        acting.connection.execute(SQL["drop_seed"], {"id": person})
    end_sessions(acting, person)
    beside = {"which": sorted(values.which)}
    if "password" not in values.which:
        return Result(beside=beside)
    refuse_last(acting, person, _roles(acting, person))
    acting.connection.execute(SQL["drop_password"], {"id": person})
    return Result(beside=beside, shown_once=invite(acting, person))


def _disable(acting: Acting, values: PersonDisable) -> Result:
    person, was = _other(acting), acting.subject.content["state"]
    if was == "disabled":
        raise Refusal(STATE, state=was)
    refuse_last(acting, person, _roles(acting, person))
    handed = _hand_over(acting, values)
    told = {"person": person, "now": acting.now, "by": acting.who.person}
    acting.connection.execute(SQL["end_grants_of"], told)
    _set_state(acting, person, "disabled")
    return Result(told={"handed_over": handed}) if handed else OK


def _hand_over(acting: Acting, values: PersonDisable) -> list[str]:
    """Card batches of theirs that have not ended, by code, which are another's from now on."""
    told = {"login": values.login, "to": values.hand_over_to}
    if values.hand_over_to is None:
        owned = [code for (code,) in acting.connection.execute(SQL["batches_of"], told)]
        if owned:
            raise Refusal(OWNS, field="hand_over_to", what=", ".join(owned))
        return []
    heir = acting.find("person", values.hand_over_to)
    if heir.id == acting.subject.id or heir.content["state"] != "active":
        problem = "somebody else who is active takes it over"
        raise Refusal(FIELD, field="hand_over_to", problem=problem)
    return [code for (code,) in acting.connection.execute(SQL["hand_over"], told)]


def _set_state(acting: Acting, person: int, state: str) -> None:
    acting.connection.execute(SQL["set_state"], {"id": person, "state": state})
    if state != "active":
        end_sessions(acting, person)


def _number(acting: Acting) -> int:
    number = acting.subject.id
    assert isinstance(number, int), "people are numbered"
    return number


def _other(acting: Acting) -> int:
    """Somebody else: nobody locks or resets themselves."""
    number = _number(acting)
    if number == acting.who.person:
        raise Refusal(OWN)
    return number


def _roles(acting: Acting, person: int) -> set[str]:
    held = grants_of(acting.connection, person, acting.now, with_later=True)
    return {one.role for one in held}


def _is_guarded(acting: Acting, values: PersonReset) -> bool:
    return "totp" in values.which and bool(_roles(acting, _number(acting)) & GUARDED)


def _is_administrator(acting: Acting, values: PersonSave) -> bool:
    """A second one is made by the first alone: there is nobody else who could agree."""
    if values.role != PA or acting.about is not None or acting.who.person is None:
        return False
    return has_other_administrator(acting, acting.who.person)


def _of_login(values: PersonSave | PersonGrant | PersonLock | PersonReset | PersonDisable) -> Ref:
    return Ref("person", values.login)


SAVE: Final = Action(
    id="person.save",
    en="Add or edit an operator",
    zh="添加/编辑操作员",
    values=PersonSave,
    roles=MAKERS,
    do=_save,
    about=_of_login,
    within=lambda values: scope_ref(values.scope, values.scope_key),
    taken=LOGIN,
    second=Second.WHEN,
    second_when=_is_administrator,
    step=Step.OWN,
    step_when=lambda acting, values: acting.about is not None and values.phone is not None,
)
GRANT: Final = Action(
    id="person.grant",
    en="Grant a role",
    zh="授权",
    values=PersonGrant,
    roles=MAKERS,
    do=_grant,
    about=_of_login,
    second=Second.WHEN,
    second_when=lambda _acting, values: values.role == PA,
    step=Step.OWN,
)
REVOKE: Final = Action(
    id="person.revoke",
    en="Take a grant back",
    zh="收回授权",
    values=PersonRevoke,
    roles=MAKERS,
    do=_revoke,
    about=lambda values: Ref("grant", str(values.grant)),
    is_for_people=True,
)
LOCK: Final = Action(
    id="person.lock",
    en="Lock or unlock an operator",
    zh="锁定/解锁",
    values=PersonLock,
    roles=frozenset({PA, RK, IM, MO}),
    do=_lock,
    about=_of_login,
    step=Step.OWN,
    step_when=lambda _acting, values: not values.is_locked,
)
RESET: Final = Action(
    id="person.reset",
    en="Reset password or one-time codes",
    zh="重置密码/二次验证",
    values=PersonReset,
    roles=frozenset({PA, IM, MO}),
    do=_reset,
    about=_of_login,
    second=Second.WHEN,
    second_when=_is_guarded,
    step=Step.OWN,
)
DISABLE: Final = Action(
    id="person.disable",
    en="Disable an operator",
    zh="删除(停用)操作员",
    values=PersonDisable,
    roles=frozenset({PA, IM, MO, HR}),
    do=_disable,
    about=_of_login,
    step=Step.OWN,
)
