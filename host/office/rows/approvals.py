"""Approvals: what waits for another person is decided with the facts of now, not of asking."""

import datetime as dt
from typing import Any, Final, Literal

import msgspec
from psycopg.types.json import Jsonb

from host.model.office import Done
from host.model.word import Word
from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.doing import perform
from host.office.fields import Number, Text, Values
from host.office.people import Who
from host.office.records import SQL, Line, digest_of, thawed
from host.office.refusals import (
    EXPIRED,
    FIELD,
    NOT_YOUR_ROLE,
    SAME_PERSON,
    STALE,
    STATE,
    Refusal,
)
from host.office.roles import ROLES, STAFF
from host.office.sessions import grant_of
from host.office.subjects import Ref, find
from host.office.valued import values_of


class Decide(Values, frozen=True, kw_only=True):
    """Yes, or no and why."""

    approval: Number
    decision: Literal["approve", "refuse"]
    note: Text = ""


class Withdraw(Values, frozen=True, kw_only=True):
    """The asker's own."""

    approval: Number


def _decide(acting: Acting, values: Decide) -> Result:
    action = _action_of(acting)
    _refuse_state(acting)
    content = acting.subject.content
    if acting.grant.role not in action.may_approve:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[acting.grant.role])
    if content["asked_by"] == acting.who.person:
        raise Refusal(SAME_PERSON, did="asked for")
    if values.decision == "refuse":
        if not values.note.strip():
            raise Refusal(FIELD, field="note", problem="who refuses says why")
        _end(acting, "refused", values.note)
        return OK
    return _approve(acting, action, values)


def _approve(acting: Acting, action: Action[Any], values: Decide) -> Result:
    try:
        with acting.connection.transaction():
            done = _do(acting, action)
    except Refusal as refusal:
        if refusal.kind is SAME_PERSON:
            raise
        why = {"code": refusal.code, "en": str(refusal), "zh": refusal.zh}
        _end(acting, "failed", values.note, why)
        raise _kept(refusal) from None
    kept = msgspec.to_builtins(msgspec.structs.replace(done, shown_once={}))
    _end(acting, "done", values.note, kept)
    told = {"action": action.id, "outcome": kept}
    return Result(told=told, shown_once=done.shown_once)


def _do(acting: Acting, action: Action[Any]) -> Done:
    """The action as it was asked, by who asked, on what is there today."""
    inner, values = _asked(acting, action)
    line = Line(
        at=acting.now,
        action=action.id,
        source=acting.asked.source if acting.asked else "",
        who=inner.who,
        about=_ref(acting),
        place=acting.subject.place,
        note=getattr(values, "note", None) or "",
    )
    return perform(action, inner, values, line)


def _asked(acting: Acting, action: Action[Any]) -> tuple[Acting, Values]:
    """Who does what, once this person agrees.

    Raises:
        Refusal: it is not what was asked, or this person may not agree.
    """
    content, ref = acting.subject.content, _ref(acting)
    found = find(acting.connection, ref)
    if found is not None and found.created_by == acting.who.person is not None:
        raise Refusal(SAME_PERSON, did="made")
    digest = digest_of(action.id, ref, content["asked"])
    is_same = content["seen"] == (found.version if found else "")
    who = _asker(acting)
    if not is_same or who is None or content["digest"] != "\\x" + digest.hex():
        raise Refusal(STALE)
    sealed = acting.connection.execute(SQL["sealed_of_approval"], (content["id"],)).fetchone()
    assert sealed is not None, "it is the subject"
    values = values_of(action, thawed(acting.hsm, content["asked"], sealed[0], digest))
    within = None
    if found is None and action.within is not None:
        within = find(acting.connection, action.within(values))
    inner = Acting(
        connection=acting.connection,
        hsm=acting.hsm,
        now=acting.now,
        who=who,
        about=found,
        within=within,
        approval=content["id"],
        agreed_by=acting.who.login,
        actions=acting.actions,
        views=acting.views,
        asked=acting.asked,
        moved=acting.moved,
    )
    return inner, values


def _ref(acting: Acting) -> Ref:
    return Ref(acting.subject.content["subject_kind"], acting.subject.content["subject_key"])


def _asker(acting: Acting) -> Who | None:
    """Who asked, while their grant is in force."""
    content = acting.subject.content
    told = {"person": content["asked_by"], "grant": content["asked_as"], "now": acting.now}
    row = acting.connection.execute(SQL["asker"], told).fetchone()
    if row is None:
        return None
    person, login, has_totp, *grant = row
    return Who(person=person, login=login, grant=grant_of(*grant), has_totp=has_totp)


def _withdraw(acting: Acting, _values: Withdraw) -> Result:
    _refuse_state(acting)
    if acting.subject.content["asked_by"] != acting.who.person:
        raise Refusal(NOT_YOUR_ROLE, role=ROLES[acting.grant.role])
    _end(acting, "withdrawn", "")
    return OK


def _refuse_state(acting: Acting) -> None:
    content = acting.subject.content
    if content["state"] != "asked":
        raise Refusal(STATE, state=content["state"])
    until = dt.datetime.fromisoformat(content["expires_at"])
    if until <= acting.now:
        raise Refusal(EXPIRED, until=f"{until.astimezone():%Y-%m-%d %H:%M}")


def _end(acting: Acting, state: str, note: str, outcome: object = None) -> None:
    acting.connection.execute(
        SQL["decide_approval"],
        {
            "id": acting.subject.id,
            "state": state,
            "decided_by": acting.who.person,
            "now": acting.now,
            "note": note,
            "outcome": None if outcome is None else Jsonb(outcome),
        },
    )


def _kept(refusal: Refusal) -> Refusal:
    refusal.is_kept = True
    return refusal


def _action_of(acting: Acting) -> Action[Any]:
    action = acting.actions.get(acting.subject.content["action"])
    if action is None:
        raise Refusal(STALE)
    return action


def _asks_code(acting: Acting, values: Decide) -> bool:
    return values.decision == "approve" and _action_of(acting).step is not Step.NO


def _said(acting: Acting, values: Decide) -> Word:
    """What a code would let happen: counted now, and by whom it was asked for."""
    action = _action_of(acting)
    key = acting.subject.content["subject_key"]
    what, who = Word(key, key), Word("", "")
    try:
        with acting.connection.transaction(force_rollback=True):
            inner, asked = _asked(acting, action)
            who = Word(f", asked for by {inner.who.login}", f", 申请人 {inner.who.login}")
            what = action.said(inner, asked) if action.said is not None else what
    except Refusal:
        pass  # it is told once the code was given, and does nothing
    return Word(
        f"{values.approval}: {action.id} {what.en}{who.en}",
        f"{values.approval}: {action.zh} {what.zh}{who.zh}",
    )


DECIDE: Final = Action(
    id="approval.decide",
    en="Agree or refuse",
    zh="同意/驳回",
    values=Decide,
    roles=STAFF,
    do=_decide,
    about=lambda values: Ref("approval", str(values.approval)),
    second=Second.ITSELF,
    step=Step.OWN,
    step_when=_asks_code,
    said=_said,
)
WITHDRAW: Final = Action(
    id="approval.withdraw",
    en="Withdraw a request",
    zh="撤回申请",
    values=Withdraw,
    roles=STAFF,
    do=_withdraw,
    about=lambda values: Ref("approval", str(values.approval)),
)
