"""Rates between programmes, points that are converted at them, and points that people adjust.

What moves points is a job of one step, which asks the poster. The rate that was shown is part of
what is asked: where it is another by now, nothing is done, and the new one is told.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from host.model.money import Money
from host.model.own import (
    Adjustment,
    AdjustmentClass,
    Against,
    AtRate,
    Direction,
    OwnRequest,
)
from host.model.requests import Kind
from host.model.responses import Reason
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Note, Number, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.places import Scope
from host.office.records import DONE, write_line
from host.office.refusals import FIELD, JUMP, RATE, SHORT, THRESHOLD, Refusal
from host.office.roles import AL, AU, CS, FN, IM, MB, PA, PO
from host.office.rows.programmes import Code
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.view import Column, Filter, How, View
from host.stock import gifts
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "conversions.sql")
ESTATE: Final = load_queries("host.office", "estate.sql")
CONVERT: Final = "points.convert"
ADJUST: Final = "points.adjust"
JUMP_PERCENT: Final = 20
"""By how much a rate may change without being asked again."""
Fraction = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3}(/[1-9][0-9]{0,3})?$")]
Points = Annotated[int, Meta(ge=1, le=1_000_000_000)]
WHY_NOT: Final[Mapping[Reason, Refusal]] = {
    Reason.INSUFFICIENT_FUNDS: Refusal(SHORT),
    Reason.INVALID_AMOUNT: Refusal(FIELD, field="points", problem="too few for a whole point"),
    Reason.FUNCTION_NOT_SUPPORTED: Refusal(
        FIELD, field="programme", problem="the card has no part in it"
    ),
}


class RateSave(Values, frozen=True, kw_only=True):
    """So many points of the other for so many of the first: 3/2 makes three of two."""

    from_programme: Code
    to_programme: Code
    rate: Fraction
    points_min: Points = 1
    """The fewest that are converted at once."""
    from_at: dt.datetime | None = None
    """From when on; from now on without it."""
    is_confirmed: bool = False
    """A large change is meant."""


class PointsConvert(Values, frozen=True, kw_only=True):
    """On one card, at the rate that was shown."""

    card: Number
    from_programme: Code
    to_programme: Code
    points: Points
    rate: Fraction


class PointsAdjust(Values, frozen=True, kw_only=True):
    """Points given, or taken where they are below zero."""

    card: Number
    programme: Code
    direction: Direction
    points: Points
    why: AdjustmentClass
    note: Note
    expires: dt.date | None = None
    """The last day of what is given; as its programme says without it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    kind: Kind
    card: int
    amount: Money
    login: str
    grant: Grant
    approval: int | None = None
    at_rate: AtRate | None = None
    adjustment: Adjustment | None = None
    expires: dt.date | None = None


def post_points(at_work: AtWork) -> int:
    """Ask the poster: the one step of the job."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    job = at_work.job
    answer = at_work.ask(
        OwnRequest(
            kind=plan.kind,
            key=at_work.key(plan),
            card=gifts.card_at(at_work.connection, plan.card),
            amount=plan.amount,
            adjustment=plan.adjustment,
            expires_on=plan.expires,
            at_rate=plan.at_rate,
        )
    )
    line = at_work.line(plan)
    if not answer.is_approved:
        refusal = WHY_NOT.get(answer.reason)
        raise JobRefusedError(refusal or refusal_of(gifts.refusal_of(answer.reason)), line)
    line.after = {"rrn": answer.rrn, "used": answer.points_used, "made": answer.points_earned}
    write_line(at_work.connection, line, DONE)
    return job.total


def _save_rate(acting: Acting, values: RateSave) -> Result:
    if values.from_programme == values.to_programme:
        raise Refusal(FIELD, field="to_programme", problem="it is the same programme")
    acting.find("programme", values.to_programme)
    since = values.from_at or acting.now
    if since < acting.now:
        raise Refusal(FIELD, field="from_at", problem="it begins now at the earliest")
    times, per = _fraction(values.rate)
    told = {
        "from": values.from_programme,
        "to": values.to_programme,
        "since": since,
        "times": times,
        "per": per,
        "points_min": values.points_min,
        "made_by": acting.who.login,
    }
    known = _rate_at(acting, told)
    if known is not None and not values.is_confirmed:
        before, now = known.times * per, times * known.per
        if abs(now - before) * 100 > JUMP_PERCENT * before:
            raise Refusal(JUMP, rate=f"{known.times}/{known.per}")
    acting.connection.execute(ESTATE["hold_estate"])
    acting.connection.execute(SQL["add_rate"], told)
    return Result(beside={"rate": values.rate, "to": values.to_programme, "since": str(since)})


class _Known(msgspec.Struct, frozen=True):
    id: int
    times: int
    per: int
    points_min: int


def _rate_at(acting: Acting, told: Mapping[str, Any]) -> _Known | None:
    row = acting.connection.execute(SQL["rate_at"], told).fetchone()
    return _Known(*row) if row is not None else None


def _fraction(text: str) -> tuple[int, int]:
    times, _, per = text.partition("/")
    return int(times), int(per or 1)


def _convert(acting: Acting, values: PointsConvert) -> Result:
    told = {"from": values.from_programme, "to": values.to_programme, "since": acting.now}
    known = _rate_at(acting, told)
    if known is None:
        raise Refusal(FIELD, field="to_programme", problem="there is no rate to it")
    times, per = _fraction(values.rate)
    if times * known.per != per * known.times:
        raise Refusal(RATE, rate=f"{known.times}/{known.per}")
    if values.points < known.points_min:
        raise Refusal(THRESHOLD, points=known.points_min)
    unit = Money.points(values.to_programme, 0).unit
    plan = _plan(
        acting,
        Kind.POINTS_CONVERSION,
        values.card,
        Money.points(values.from_programme, values.points),
    )
    at_rate = AtRate(known.id, unit, known.times, known.per)
    plan = msgspec.structs.replace(plan, at_rate=at_rate)
    return Result(told={"job": begin_job(acting, CONVERT, acting.subject, total=1, plan=plan)})


def _adjust(acting: Acting, values: PointsAdjust) -> Result:
    plan = _plan(
        acting,
        Kind.POINTS_ADJUSTMENT,
        values.card,
        Money.points(values.programme, values.points),
    )
    why = Adjustment(direction=values.direction, why=values.why, against=Against.ISSUER_FUNDS)
    plan = msgspec.structs.replace(plan, adjustment=why, expires=values.expires)
    return Result(told={"job": begin_job(acting, ADJUST, acting.subject, total=1, plan=plan)})


def _plan(acting: Acting, kind: Kind, card: int, amount: Money) -> Plan:
    return Plan(
        kind=kind,
        card=card,
        amount=amount,
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
    )


RATE_SAVE: Final = Action(
    id="rate.save",
    en="Say at which rate points are converted",
    zh="积分汇率",
    values=RateSave,
    roles=frozenset({FN, AL, PA}),
    do=_save_rate,
    about=lambda values: Ref("programme", values.from_programme),
    second=Second.ALWAYS,
    approvers=frozenset({FN, AL, PA}),
    step=Step.OWN,
)
POINTS_CONVERT: Final = Action(
    id=CONVERT,
    en="Convert a member's points into another programme's",
    zh="积分兑换",
    values=PointsConvert,
    roles=frozenset({CS, MB}),
    do=_convert,
    about=lambda values: Ref("card", str(values.card)),
    step=Step.OWN,
    step_when=lambda acting, _values: acting.who.is_member,
)
POINTS_ADJUST: Final = Action(
    id=ADJUST,
    en="Give points to a card, or take them",
    zh="积分调整",
    values=PointsAdjust,
    roles=frozenset({IM, CS}),
    do=_adjust,
    about=lambda values: Ref("card", str(values.card)),
    second=Second.ALWAYS,
    approvers=frozenset({IM, PA}),
    step=Step.OWN,
)
RATES: Final = View(
    id="rates",
    en="Rates between programmes",
    zh="积分汇率",
    roles=frozenset({PA, PO, AU, FN, IM, AL, CS, MB}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.ALLIANCE, Scope.MEMBER}),
    open_to=frozenset({Scope.MEMBER}),
    columns=(
        Column(name="id", kind=int),
        Column(name="from_programme", opens="programmes"),
        Column(name="to_programme", opens="programmes"),
        Column(name="rate"),
        Column(name="points_min", kind=int),
        Column(name="from_at", kind=dt.datetime),
        Column(name="in_force", kind=bool),
        Column(name="made_by", hidden_from=frozenset({Scope.MEMBER})),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="from_programme", column="from_programme"),
        Filter(name="to_programme", column="to_programme"),
    ),
    few=frozenset({Scope.ISSUER, Scope.ALLIANCE}),
    actions=("rate.save", CONVERT),
    exports="C",
)
POINTS: Final = View(
    id="points",
    en="Points and lots",
    zh="积分明细",
    roles=frozenset({PA, PO, AU, FN, CS, IM, MB}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MEMBER}),
    columns=(
        Column(name="expires"),
        Column(name="lot"),
        Column(name="programme", opens="programmes"),
        Column(name="spendable", kind=int),
        Column(name="pending", kind=int),
        Column(name="next_expiry", kind=dt.date),
        Column(name="source"),
        Column(name="rule"),
        Column(name="earned_on", kind=dt.date),
        Column(name="available_from", kind=dt.date),
        Column(name="points", kind=int),
        Column(name="remaining", kind=int),
    ),
    order=("expires", "lot"),
    filters=(
        Filter(name="card", column="card", kind=int),
        Filter(name="number", column="card", how=How.NUMBER, kind=int),
        Filter(name="programme", column="programme"),
    ),
    needs=frozenset({"card", "number"}),
    few=frozenset({Scope.MEMBER}),
    actions=(CONVERT, ADJUST),
    exports="C",
)
