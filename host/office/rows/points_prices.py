"""What points pay beside money, as people say it: a price is a dated row of its programme.

It is in force from its day on, and what was bought before stays as it was. A price that jumps has
to be meant: who pays for what it buys is the issuer.
"""

import datetime as dt
from typing import Annotated, Any, Final

from msgspec import Meta

from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Values
from host.office.refusals import FIELD, JUMP, Refusal
from host.office.roles import AL, FN, IM, PA
from host.office.rows.programmes import Code, business_date, tell_of_programme
from host.office.subjects import Ref
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "programmes.sql")
JUMP_PERCENT: Final = 20
"""By how much a price may change without being asked again."""
Some = Annotated[int, Meta(ge=1, le=1_000_000)]


class PointsPriceSave(Values, frozen=True, kw_only=True):
    """So many points pay so much, in whole steps."""

    programme: Code
    points: Some
    worth_minor: Some
    since: dt.date | None = None
    """The first day on which they do; today without it."""
    is_confirmed: bool = False
    """A large change is meant."""


def _save(acting: Acting, values: PointsPriceSave) -> Result:
    today = business_date(acting)
    since = values.since or today
    if since < today:
        raise Refusal(FIELD, field="since", problem="it begins today at the earliest")
    told: dict[str, Any] = {
        "programme": values.programme,
        "since": since,
        "points": values.points,
        "worth_minor": values.worth_minor,
    }
    _refuse_jump(acting, values, told)
    acting.connection.execute(SQL["save_points_price"], told)
    about = acting.subject.content
    tell_of_programme(acting, about["issuer_id"], about["alliance_id"])
    return Result(beside={"points": values.points, "worth_minor": values.worth_minor})


def _refuse_jump(acting: Acting, values: PointsPriceSave, told: dict[str, Any]) -> None:
    row = acting.connection.execute(SQL["points_price_on"], told).fetchone()
    if row is None or values.is_confirmed:
        return
    points, worth = row
    before, now = worth * values.points, values.worth_minor * points
    if abs(now - before) * 100 > JUMP_PERCENT * before:
        raise Refusal(JUMP, rate=f"{worth}/{points}")


SAVE: Final = Action(
    id="points_price.save",
    en="Say what points pay beside money",
    zh="积分抵现",
    values=PointsPriceSave,
    roles=frozenset({FN, IM, AL, PA}),
    do=_save,
    about=lambda values: Ref("programme", values.programme),
    second=Second.ALWAYS,
    approvers=frozenset({FN, IM, AL, PA}),
    step=Step.OWN,
)
