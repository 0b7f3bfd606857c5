"""Business dates and the steps of their nights; who took none of them releases what they left.

Until then no file is handed out. How much is paid is typed, not clicked: whoever releases a date
has looked at it.
"""

import datetime as dt
from typing import Final

import msgspec

from host.cases import NOTICES
from host.model.money import HOUSE_CURRENCY, Money
from host.office.action import Acting, Action, Result, Step
from host.office.fields import Count, Values
from host.office.jobs import AtWork, JobRefusedError, NotKnownError, begin_job
from host.office.nights import NightBusyError, NightStoppedError
from host.office.people import Grant
from host.office.places import Scope
from host.office.records import DONE, write_line
from host.office.refusals import (
    FIELD,
    OPEN_CASES,
    RUNNING,
    SAME_PERSON,
    STATE,
    STEP_STOPPED,
    TRIAL,
    Refusal,
)
from host.office.roles import AU, FN, IM, MO, PA, SM
from host.office.subjects import Ref
from host.office.view import Column, Filter, How, Own, View
from host.rules.day_states import DAY_STATES, RELEASE
from host.rules.delivery_states import RETRY
from host.rules.states import from_which
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "days.sql")
RUN: Final = "clearing.run"
PAID_OTHERWISE: Final = "that is not what is paid: posswitch show business-days has it"


class ClearingRelease(Values, frozen=True, kw_only=True):
    """Which date, and what is paid of it, as it was read and typed."""

    date: dt.date
    payable_minor: Count


def _release(acting: Acting, values: ClearingRelease) -> Result:
    told = {"business_date": values.date, "unit": HOUSE_CURRENCY, "notices": NOTICES}
    row = acting.connection.execute(SQL["day_to_release"], told).fetchone()
    assert row is not None, "the date was found"
    state, taken_by, files_digest, payable_minor = row
    if state not in from_which(DAY_STATES, RELEASE):
        raise Refusal(STATE, state=state)
    if acting.who.login in taken_by:
        raise Refusal(SAME_PERSON, did="ran")
    _refuse_unbalanced(acting, told)
    if values.payable_minor != payable_minor:
        raise Refusal(FIELD, field="payable_minor", problem=PAID_OTHERWISE)
    release = {
        "by": acting.who.login,
        "now": acting.now,
        "payable_minor": payable_minor,
        "files_digest": files_digest,
        "taken_by": taken_by,
    }
    acting.connection.execute(SQL["release"], told | release)
    said = {"payable_minor": payable_minor, "taken_by": taken_by}
    return Result(told=said, beside=said)


def _refuse_unbalanced(acting: Acting, told: dict[str, object]) -> None:
    unbalanced = acting.connection.execute(SQL["unbalanced_units"], told).fetchone()
    if unbalanced is not None:
        unit, debit, credit = unbalanced
        raise Refusal(TRIAL, debit=Money(debit, unit), credit=Money(credit, unit))
    row = acting.connection.execute(SQL["open_cases"], told).fetchone()
    assert row is not None, "a count always has a row"
    cases, amount_minor = row
    if cases:
        raise Refusal(OPEN_CASES, cases=cases, amount=Money(amount_minor, HOUSE_CURRENCY))


class ClearingRun(Values, frozen=True, kw_only=True):
    """Which date: it is cleared by the host, in the name of who asks."""

    date: dt.date


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    date: dt.date
    login: str
    grant: Grant
    approval: int | None = None


def _run(acting: Acting, values: ClearingRun) -> Result:
    asked = acting.connection.execute(SQL["asked_to_run"], {"action": RUN}).fetchone()
    if asked is not None:
        who, since = asked
        raise _running(who, since)
    plan = RunPlan(date=values.date, login=acting.who.login, grant=acting.grant)
    return Result(told={"job": begin_job(acting, RUN, acting.subject, total=1, plan=plan)})


def _running(who: str, since: dt.datetime | None) -> Refusal:
    moment = f"{since.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if since is not None else ""
    return Refusal(RUNNING, who=who, since=moment)


def run_night(at_work: AtWork) -> int:
    """Clear the date: the one step of the job. Killed, it goes on where the night stopped."""
    plan = msgspec.convert(at_work.job.plan, RunPlan)
    if at_work.nights is None:
        raise NotKnownError
    line = at_work.line(plan)
    try:
        cleared = at_work.nights.clear(plan.date, plan.login)
    except NightBusyError as error:
        if error.who == plan.login:  # it is this one, which another clerk is at
            raise NotKnownError from error
        raise JobRefusedError(_running(error.who, error.since), line) from error
    except NightStoppedError as error:
        refusal = Refusal(STEP_STOPPED, step=error.step or "-", reason=error.why)
        raise JobRefusedError(refusal, line) from error
    line.after = msgspec.structs.asdict(cleared)
    write_line(at_work.connection, line, DONE)
    return at_work.job.total


CLEARING_RUN: Final = Action(
    id=RUN,
    en="Have the host clear a date",
    zh="跑批",
    values=ClearingRun,
    roles=frozenset({FN}),
    do=_run,
    about=lambda values: Ref("business_day", values.date.isoformat()),
    step=Step.OWN,
)
CLEARING_RELEASE: Final = Action(
    id=RELEASE,
    en="Release what a night left",
    zh="放行",
    values=ClearingRelease,
    roles=frozenset({FN}),
    do=_release,
    about=lambda values: Ref("business_day", values.date.isoformat()),
    step=Step.OWN,
)

BUSINESS_DAYS: Final = View(
    id="business_days",
    en="Business days",
    zh="营业日",
    roles=frozenset({PA, FN, AU}),
    scopes=frozenset({Scope.PLATFORM}),
    columns=(
        Column(name="business_date", kind=dt.date, opens="clearing_steps"),
        Column(name="day_state"),
        Column(name="transactions", kind=int),
        Column(name="payable_minor", kind=int),
        Column(name="cut_off_at", kind=dt.datetime),
        Column(name="steps", kind=int),
        Column(name="findings", kind=int),
        Column(name="run_by"),
        Column(name="cleared_by"),
        Column(name="cleared_at", kind=dt.datetime),
    ),
    order=("business_date",),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="before", column="business_date", how=How.BEFORE, kind=dt.date),
    ),
    actions=(RUN, RELEASE),
    exports="C",
)
CLEARING_STEPS: Final = View(
    id="clearing_steps",
    en="Steps of the night",
    zh="清算步骤",
    roles=frozenset({PA, FN, AU}),
    scopes=frozenset({Scope.PLATFORM}),
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="step"),
        Column(name="finished_at", kind=dt.datetime),
        Column(name="run_by"),
        Column(name="detail"),
        Column(name="findings", kind=int),
        Column(name="read_digest"),
        Column(name="left_digest"),
    ),
    order=("business_date", "step"),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="step", column="step", beside="date"),
    ),
    exports="C",
)
CLEARING_FILES: Final = View(
    id="clearing_files",
    en="Clearing files",
    zh="清算文件",
    roles=frozenset({PA, FN, AU, IM, MO}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT}),
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="name"),
        Column(name="side"),
        Column(name="party"),
        Column(name="lines", kind=int),
        Column(name="sha256"),
        Column(name="handed_out_at", kind=dt.datetime),
        Column(name="delivery_state", opens="deliveries"),
        Column(name="attempts", kind=int),
        Column(name="last_error", hidden_from=frozenset({Scope.ISSUER, Scope.MERCHANT})),
        Column(name="delivered_at", kind=dt.datetime),
        Column(name="acknowledged_at", kind=dt.datetime),
    ),
    order=("business_date", "name"),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="party", column="party"),
    ),
    actions=(RETRY,),
    own={
        Scope.ISSUER: Own(
            among="v.party = (SELECT f.institution_id FROM issuer AS f WHERE f.id = %(scope)s)",
            order=("business_date", "name"),
        ),
        Scope.MERCHANT: Own(
            among="v.party = (SELECT f.merchant_id FROM merchant AS f WHERE f.id = %(scope)s)",
            order=("business_date", "name"),
        ),
    },
    exports="C",
)
POSITIONS: Final = View(
    id="positions",
    en="Positions and their parts",
    zh="头寸",
    roles=frozenset({PA, FN, AU, IM, MO, SM}),
    scopes=frozenset({Scope.PLATFORM, Scope.ISSUER, Scope.MERCHANT, Scope.STORE}),
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="merchant", opens="merchants"),
        Column(name="store"),
        Column(name="issuer", opens="issuers"),
        Column(name="product"),
        Column(name="kind"),
        Column(name="channel"),
        Column(name="unit"),
        Column(name="transactions", kind=int),
        Column(name="net_minor", kind=int),
        Column(name="points_earned", kind=int),
        Column(name="merchant_fee_minor", kind=int),
        Column(name="issuer_fee_minor", kind=int),
    ),
    order=("business_date", "id"),
    is_newest_first=True,
    filters=(
        Filter(name="date", column="business_date", kind=dt.date),
        Filter(name="merchant", column="merchant", beside="date"),
        Filter(name="issuer", column="issuer", beside="date"),
    ),
    own={
        Scope.STORE: Own(
            among="v.of_merchant = (SELECT s.merchant_id FROM store AS s WHERE s.id = %(scope)s)",
            order=("business_date", "id"),
        )
    },
    exports="C",
)
