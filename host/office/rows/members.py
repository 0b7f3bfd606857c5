"""Members: the people whom cards are bound to, as others change them.

Whoever adds somebody is told the same whether others know them: a phone has one holder, to whom
cards are bound, and who adds it elsewhere has a record of their own beside it, with its own number
and name, which leads to nobody else's.

A member who is frozen, or leaves, has no card that can be used, from the next message on. Who
leaves may come back for a while; then the clock forgets who they were (`host.office.timers`).
"""

import datetime as dt
from typing import Annotated, Any, Final

from msgspec import Meta

from host.office.action import OK, Acting, Action, Result, Second, Step
from host.office.fields import MerchantId, Name, Note, Number, Phone, Text, Values
from host.office.phones import mask_phone, phone_hash
from host.office.records import was_done_by
from host.office.refusals import FIELD, ID, OPEN, RECORD, STATE, Refusal
from host.office.roles import CS, MB, MO, MP, PA, PO, RK
from host.office.subjects import Ref
from host.stock import lives
from host.store.estate_versions import Followed
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "members.sql")
CLOSING: Final = dt.timedelta(days=15)
"""In which who leaves may come back."""
TIMES: Final = 2
"""Somebody may add the same phone elsewhere at the same time: the next time it has a holder."""
Last = Annotated[str, Meta(pattern=r"^[0-9]{4}$")]


class MemberAdd(Values, frozen=True, kw_only=True):
    """Somebody with a phone, at a merchant."""

    phone: Phone
    merchant: MerchantId
    name: Text = ""


class MemberEdit(Values, frozen=True, kw_only=True):
    """What they are called."""

    member: Number
    name: Name


class MemberFreeze(Values, frozen=True, kw_only=True):
    """Frozen, or in use again."""

    member: Number
    is_frozen: bool = True
    note: Note


class MemberClose(Values, frozen=True, kw_only=True):
    """They leave, or come back; what cannot be undone is asked for with their phone."""

    member: Number
    phone_last: Last
    """The last four digits of the phone."""
    is_closing: bool = True
    note: Note


def _add(acting: Acting, values: MemberAdd) -> Result:
    merchant = acting.find("merchant", values.merchant).id
    hashed = phone_hash(acting.hsm, values.phone)
    told = {
        "hash": hashed,
        "sealed": lives.seal_phone(acting.hsm, values.phone, hashed),
        "masked": mask_phone(values.phone),
        "name": values.name,
        "merchant": merchant,
        "who": acting.who.login,
        "at": acting.now,
    }
    for _ in range(TIMES):
        if acting.connection.execute(SQL["member_here"], (hashed, merchant)).fetchone():
            break
        added = acting.connection.execute(SQL["add_here"], told).fetchone()
        if added is not None:
            return Result(key=str(added[0]))
    raise Refusal(ID, field="phone", what="member", key=mask_phone(values.phone))


def _edit(acting: Acting, values: MemberEdit) -> Result:
    was = acting.subject.content["state"]
    if was == "closed":
        raise Refusal(STATE, state=was)
    told = {"id": acting.subject.id, "name": values.name}
    acting.connection.execute(SQL["edit_member"], told)
    return OK


def _freeze(acting: Acting, values: MemberFreeze) -> Result:
    holder = lives.holder_of(acting.connection, values.member)
    if holder != values.member:
        raise Refusal(RECORD, field="member", holder=holder)
    _refuse_state(acting, "active" if values.is_frozen else "frozen")
    set_state(acting, values.member, "frozen" if values.is_frozen else "active")
    return OK


def _close(acting: Acting, values: MemberClose) -> Result:
    if not acting.subject.content["phone_masked"].endswith(values.phone_last):
        raise Refusal(FIELD, field="phone_last", problem="the phone ends otherwise")
    if not values.is_closing:
        _refuse_state(acting, "closing")
        set_state(acting, values.member, "active")
        return OK
    _refuse_state(acting, "active", "frozen")
    _refuse_value(acting)
    set_state(acting, values.member, "closing", closing_at=acting.now)
    return Result(told={"closed_on": (acting.now + CLOSING).astimezone().date().isoformat()})


def _refuse_state(acting: Acting, *wanted: str) -> None:
    was = acting.subject.content["state"]
    if was not in wanted:
        raise Refusal(STATE, state=was)


def _refuse_value(acting: Acting) -> None:
    """Who leaves has nothing left, and nothing that is held."""
    rows = acting.connection.execute(SQL["value_of"], {"id": acting.subject.id}).fetchall()
    if rows:
        left = ", ".join(f"{posted} {unit}" for unit, posted in rows)
        raise Refusal(OPEN, what=left)


def set_state(
    acting: Acting, member: int, state: str, *, closing_at: dt.datetime | None = None
) -> None:
    """Holds from the next message on."""
    told: dict[str, Any] = {"id": member, "state": state, "closing_at": closing_at}
    acting.connection.execute(SQL["set_member"], told)
    acting.move(Followed.MEMBER, member)


def _is_risks(acting: Acting, values: MemberFreeze) -> bool:
    """What risk has stopped is let go by two."""
    ref = acting.subject.ref
    return not values.is_frozen and was_done_by(acting.connection, RK, "member.freeze", ref)


def _of_member(values: MemberEdit | MemberFreeze | MemberClose) -> Ref:
    return Ref("member", str(values.member))


ADD: Final = Action(
    id="member.add",
    en="Add a member",
    zh="添加会员",
    values=MemberAdd,
    roles=frozenset({PO, MO, MP}),
    do=_add,
    about=lambda _values: Ref("member", ""),
    within=lambda values: Ref("merchant", values.merchant),
)
EDIT: Final = Action(
    id="member.edit",
    en="Edit a member",
    zh="编辑会员",
    values=MemberEdit,
    roles=frozenset({PO, CS, MO, MP, MB}),
    do=_edit,
    about=_of_member,
)
FREEZE: Final = Action(
    id="member.freeze",
    en="Freeze or release a member",
    zh="冻结/解冻会员",
    values=MemberFreeze,
    roles=frozenset({CS, RK}),
    do=_freeze,
    about=_of_member,
    second=Second.WHEN,
    second_when=_is_risks,
    approvers=frozenset({RK, PA}),
    step=Step.OWN,
    step_when=lambda _acting, values: not values.is_frozen,
)
CLOSE: Final = Action(
    id="member.close",
    en="Let a member leave, or come back",
    zh="注销会员",
    values=MemberClose,
    roles=frozenset({PO, MB}),
    do=_close,
    about=_of_member,
    second=Second.WHEN,
    second_when=lambda acting, values: values.is_closing and not acting.who.is_member,
    approvers=frozenset({PO, PA}),
    step=Step.OWN,
)
