"""What is held of cards, as people look at it and let go of it.

Letting go is a job of one step, which asks the poster: what was completed meanwhile stays so.
"""

import datetime as dt
from typing import Final

import msgspec

from host.model.holds import HoldOwner
from host.model.own import OwnRequest
from host.model.requests import Kind
from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Note, Number, Values
from host.office.jobs import AtWork, JobRefusedError, begin_job
from host.office.people import Grant
from host.office.places import Scope
from host.office.records import DONE, write_line
from host.office.roles import AU, CS, FN, IM, MO, PA, RK
from host.office.stock_refusals import refusal_of
from host.office.subjects import Ref
from host.office.view import Column, Filter, How, View
from host.stock import gifts
from host.stock.refusals import StockRefusal, Why
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "holds.sql")
RELEASE: Final = "hold.release"


class HoldRelease(Values, frozen=True, kw_only=True):
    """All that is left of it may be spent again."""

    hold: Number
    note: Note


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    hold: int
    card: int
    login: str
    grant: Grant
    approval: int | None = None


class Left(msgspec.Struct, frozen=True):
    """A hold, as it is let go of."""

    card: int
    owner: str
    held_minor: int


def post_release(at_work: AtWork) -> int:
    """Ask the poster to let go of it: the one step of the job."""
    job = at_work.job
    plan = msgspec.convert(job.plan, Plan)
    before = _left(at_work.connection, plan.hold)
    answer = at_work.ask(
        OwnRequest(
            kind=Kind.HOLD_RELEASE,
            key=at_work.key(plan),
            card=gifts.card_at(at_work.connection, plan.card),
            hold=plan.hold,
        )
    )
    line = at_work.line(plan)
    if not answer.is_approved:
        raise JobRefusedError(refusal_of(gifts.refusal_of(answer.reason)), line)
    line.before = {"held_minor": before.held_minor}
    line.after = {"held_minor": 0, "rrn": answer.rrn}
    write_line(at_work.connection, line, DONE)
    return job.total


def _release(acting: Acting, values: HoldRelease) -> Result:
    """Raises StockRefusal where nothing is left, or who keeps it ends it."""
    left = _left(acting.connection, values.hold)
    if left.owner != HoldOwner.PREAUTH:
        raise StockRefusal(Why.KEPT)
    if not left.held_minor:
        raise StockRefusal(Why.RELEASED)
    plan = Plan(
        hold=values.hold,
        card=left.card,
        login=acting.who.login,
        grant=acting.grant,
        approval=acting.approval,
    )
    job = begin_job(acting, RELEASE, acting.subject, total=1, plan=plan)
    return Result(told={"job": job})


def _left(connection: Connection, hold: int) -> Left:
    row = connection.execute(SQL["hold_left"], (hold,)).fetchone()
    if row is None:
        raise StockRefusal(Why.NOT_FOUND, hold=hold)
    return Left(*row)


def _is_above_limit(acting: Acting, values: HoldRelease) -> bool:
    limit = acting.grant.limit_minor
    return limit is None or _left(acting.connection, values.hold).held_minor > limit


HOLD_RELEASE: Final = Action(
    id=RELEASE,
    en="Let go of what is held",
    zh="释放占用",
    values=HoldRelease,
    roles=frozenset({CS, IM}),
    do=_release,
    about=lambda values: Ref("hold", str(values.hold)),
    second=Second.WHEN,
    second_when=_is_above_limit,
    approvers=frozenset({CS, IM, PA}),
    step=Step.OWN,
)
HOLDS: Final = View(
    id="holds",
    en="What is held",
    zh="预授权与占用",
    roles=frozenset({PA, AU, RK, FN, CS, IM, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="id", kind=int),
        Column(name="hold_kind"),
        Column(name="pan_masked", is_masked=True),
        Column(name="issuer", opens="issuers"),
        Column(name="card", kind=int, opens="cards"),
        Column(name="amount_minor", kind=int),
        Column(name="held_minor", kind=int),
        Column(name="merchant", opens="merchants"),
        Column(name="terminal_id"),
        Column(name="held_at", kind=dt.datetime),
        Column(name="expires_at", kind=dt.datetime),
    ),
    order=("expires_at", "id"),
    filters=(
        Filter(name="hold", column="id", kind=int),
        Filter(name="card", column="card", kind=int),
        Filter(name="number", column="card", how=How.NUMBER, kind=int),
        Filter(name="until", column="expires_at", how=How.BEFORE, kind=dt.datetime),
    ),
    actions=(RELEASE,),
    exports="C",
)
