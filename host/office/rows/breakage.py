"""What is left on expired cards, and how it becomes their issuer's where their product says so.

The clock does so card by card, once each was kept long enough. People do a product's month in one
go, with what has come back onto its cards since; what they say is done by a job, whose postings the
clock drives on (`host.moves`).
"""

import datetime as dt
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from host.office.action import Acting, Action, Result, Second, Step
from host.office.fields import Month, Number, Values
from host.office.jobs import AtWork, begin_job
from host.office.places import Scope
from host.office.roles import AU, FN, IM, PA, PO
from host.office.rows.card_ends import WAIT_SECONDS
from host.office.subjects import Ref
from host.office.timer import AT_A_TIME
from host.office.view import Column, Filter, View
from host.stock import breakage, ends
from host.stock.batches import By
from host.store.connecting import Connection

RECOGNISE: Final = "breakage.recognise"


class BreakageRecognise(Values, frozen=True, kw_only=True):
    """Of which product, and in which month the last days of its cards were."""

    product: Number
    month: Month


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with: the parts that have such cards, and the cards of each."""

    product: int
    month: dt.date
    parts: tuple[tuple[int, int], ...]
    login: str


class BreakageError(Exception):
    """What is left on some cards cannot be taken: how many, and why."""


def take_due(connection: Connection, now: dt.datetime) -> int:
    """Some cards whose value is due; gives how many."""
    return breakage.break_due(connection, now, AT_A_TIME)


def take_month(at_work: AtWork) -> int:
    """The next cards: said to the clock, and waited for.

    Raises:
        BreakageError: the poster refused some of them.
    """
    plan, done = msgspec.convert(at_work.job.plan, Plan), at_work.job.done
    stretch = ends.next_stretch(plan.parts, done)
    of = breakage.OfMonth(plan.product, plan.month)
    by = By(plan.login, at_work.now)
    left = breakage.break_stretch(at_work.connection, of, stretch, by)
    if left.refused:
        msg = f"{left.refused} cards keep what they have: {left.why}"
        raise BreakageError(msg)
    if left.is_open:
        time.sleep(WAIT_SECONDS)
        return done
    return stretch.done


def _recognise(acting: Acting, values: BreakageRecognise) -> Result:
    of = _of(values)
    parts = breakage.parts_of(acting.connection, of)
    told = dict(_foretold(acting, values))
    cards = sum(made for _, made in parts)
    if cards:
        plan = Plan(product=of.product, month=of.month, parts=tuple(parts), login=acting.who.login)
        told["job"] = begin_job(acting, RECOGNISE, acting.subject, total=cards, plan=plan)
    return Result(told=told, beside={"month": values.month})


def _foretold(acting: Acting, values: BreakageRecognise) -> Mapping[str, Any]:
    """How many cards have something, and how much it is in all."""
    waiting = breakage.waiting_of(acting.connection, _of(values))
    early = {"early": waiting.early} if waiting.early else {}
    return {"cards": waiting.cards, "value_minor": waiting.value_minor, **early}


def _of(values: BreakageRecognise) -> breakage.OfMonth:
    return breakage.OfMonth(values.product, dt.date.fromisoformat(f"{values.month}-01"))


BREAKAGE_RECOGNISE: Final = Action(
    id=RECOGNISE,
    en="Take what is left on expired cards as breakage",
    zh="确认残值",
    values=BreakageRecognise,
    roles=frozenset({FN}),
    do=_recognise,
    about=lambda values: Ref("product", str(values.product)),
    second=Second.ALWAYS,
    approvers=frozenset({FN, PA}),
    step=Step.OWN,
    foretold=_foretold,
)
EXPIRIES: Final = View(
    id="expiries",
    en="Expiry and residual value",
    zh="到期与残值",
    roles=frozenset({PA, PO, AU, FN, IM}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER}),
    columns=(
        Column(name="month", kind=dt.date),
        Column(name="product", kind=int, opens="products"),
        Column(name="name"),
        Column(name="issuer", opens="issuers"),
        Column(name="cards", kind=int),
        Column(name="left_minor", kind=int),
        Column(name="recognised_minor", kind=int),
        Column(name="breakage_days", kind=int),
    ),
    order=("month", "product"),
    filters=(
        Filter(name="month", column="month", kind=dt.date),
        Filter(name="product", column="product", kind=int),
    ),
    few=frozenset({Scope.ISSUER}),
    actions=(RECOGNISE, "card.extend"),
    exports="C",
)
