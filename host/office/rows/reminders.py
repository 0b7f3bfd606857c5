"""Reminders to who has not redeemed: by hand, by rules of the clock, and what was sent."""

import datetime as dt
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from host.office.action import Acting, Action, Result
from host.office.fields import Note, Number, Values
from host.office.places import Scope
from host.office.reminding import SQL, queue_by_hand
from host.office.roles import HR
from host.office.rows.enterprises import Code
from host.office.subjects import Ref
from host.office.view import Column, Filter, View

TRIGGERS: Final = ("after_issue", "before_expiry")
Days = Annotated[int, Meta(ge=1, le=366)]
_OWN: Final = frozenset({Scope.ENTERPRISE})


class ReminderSave(Values, frozen=True, kw_only=True):
    """Who has not redeemed some days after it was issued, or before it ends, is reminded once."""

    enterprise: Code
    trigger: Literal["after_issue", "before_expiry"]
    reminder_days: Days
    is_on: bool = True


class StaffRemind(Values, frozen=True, kw_only=True):
    """Everybody who has not redeemed, of one issue or of all; once a day."""

    enterprise: Code
    issue: Number | None = None
    note: Note = "by hand"


def _save(acting: Acting, values: ReminderSave) -> Result:
    told = {
        "enterprise": acting.find("enterprise", values.enterprise).id,
        "trigger": values.trigger,
        "days": values.reminder_days,
        "state": "on" if values.is_on else "off",
        "by": acting.who.login,
        "now": acting.now,
    }
    acting.connection.execute(SQL["save_reminder"], told)
    return Result(key=_key_of(values))


def _key_of(values: ReminderSave) -> str:
    return f"{values.enterprise}/{values.trigger}/{values.reminder_days}"


def _remind(acting: Acting, values: StaffRemind) -> Result:
    if values.issue is not None:
        acting.find("staff_issue", values.issue)
    enterprise = int(acting.subject.id)
    reminded = queue_by_hand(acting.connection, enterprise, values.issue, acting.now)
    told: dict[str, Any] = {"reminded": reminded}
    return Result(told=told, beside=told)


SAVE: Final = Action(
    id="reminder.save",
    en="Say when who has not redeemed is reminded",
    zh="提醒规则",
    values=ReminderSave,
    roles=frozenset({HR}),
    do=_save,
    about=lambda values: Ref("reminder", _key_of(values)),
    within=lambda values: Ref("enterprise", values.enterprise),
)
REMIND: Final = Action(
    id="staff.remind",
    en="Remind who has not redeemed",
    zh="提醒未提",
    values=StaffRemind,
    roles=frozenset({HR}),
    do=_remind,
    about=lambda values: Ref("enterprise", values.enterprise),
)
REMINDERS: Final = View(
    id="reminders",
    en="Rules of reminders",
    zh="提醒规则",
    roles=frozenset({HR}),
    scopes=_OWN,
    columns=(
        Column(name="enterprise"),
        Column(name="trigger"),
        Column(name="reminder_days", kind=int),
        Column(name="state"),
        Column(name="reminded", kind=int),
        Column(name="saved_by"),
        Column(name="saved_at", kind=dt.datetime),
    ),
    order=("trigger", "reminder_days"),
    filters=(Filter(name="trigger", column="trigger", words=TRIGGERS),),
    few=_OWN,
    actions=("reminder.save",),
    exports="C",
)
OUTBOX: Final = View(
    id="outbox",
    en="Texts to employees",
    zh="发送队列",
    roles=frozenset({HR}),
    scopes=_OWN,
    columns=(
        Column(name="id", kind=int),
        Column(name="made_at", kind=dt.datetime),
        Column(name="employee"),
        Column(name="phone", is_masked=True),
        Column(name="issue", kind=int),
        Column(name="occasion"),
        Column(name="text_state"),
        Column(name="attempts", kind=int),
        Column(name="sent_at", kind=dt.datetime),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(Filter(name="issue", column="issue", kind=int),),
    exports="C",
)
