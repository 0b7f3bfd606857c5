"""Reports that are made by themselves, every date or every month: kept, and brought to a party."""

import datetime as dt
from collections.abc import Mapping
from typing import Final, Literal, get_args

from host.model.deliveries import FileForm
from host.office.action import OK, Acting, Action, Result
from host.office.fields import Number, Values
from host.office.places import Scope
from host.office.refusals import FIELD, PERIOD, STATE, Refusal
from host.office.report_clock import MADE, MONTH, SQL
from host.office.reports import REPORTS
from host.office.roles import AU, FN, MO, PA, PO, SM
from host.office.rows.programmes import business_date
from host.office.rows.reports import (
    REPORT,
    OfPlace,
    ReportName,
    about_report,
    handed,
    place_of_report,
)
from host.office.subjects import Ref
from host.office.view import Column, Filter, View

SCHEDULE: Final = "report.schedule"
END: Final = "report.end"
TAKE: Final = "report.take"
MAKERS: Final = frozenset({PA, PO, FN, MO, SM})
READERS: Final = MAKERS | {AU}
PLACES: Final = frozenset({Scope.PLATFORM, Scope.MERCHANT, Scope.STORE})


class ReportSchedule(OfPlace, frozen=True, kw_only=True):
    """Which report, how often and as what; and whether it goes where the merchant's files go."""

    every: Literal["day", "month"]
    brought_with: FileForm | None = None
    """The way of the merchant's files of that form is taken; none: it is kept here."""


class ReportEnd(Values, frozen=True, kw_only=True):
    """Which one is made no more."""

    schedule: Number


class ReportTake(Values, frozen=True, kw_only=True):
    """Which one, by its schedule and its last date."""

    schedule: Number
    date: dt.date


def _schedule(acting: Acting, values: ReportSchedule) -> Result:
    row = REPORTS[values.report]
    if values.every == MONTH and row.days_max == 1 and not row.is_of_now:
        raise Refusal(PERIOD, days=row.days_max)
    merchant_id, store_id = place_of_report(acting, values)
    told = {
        "report": values.report,
        "every": values.every,
        "format": values.format,
        "language": values.language,
        "merchant_id": merchant_id,
        "store_id": store_id,
        "way_form": values.brought_with.value if values.brought_with is not None else None,
        "first_date": business_date(acting),
        "now": acting.now,
        "set_by": acting.who.login,
    }
    if values.brought_with is not None:
        _refuse_without_way(acting, told)
    number = acting.connection.execute(SQL["add_schedule"], told).fetchone()
    assert number is not None, "RETURNING"
    beside = {"schedule": number[0], "report": values.report, "every": values.every}
    return Result(told={"schedule": number[0]}, beside=beside)


def _refuse_without_way(acting: Acting, told: Mapping[str, object]) -> None:
    if told["merchant_id"] is None:
        problem = "what is of the whole house is brought to nobody: posswitch report take has it"
        raise Refusal(FIELD, field="brought_with", problem=problem)
    if acting.connection.execute(SQL["has_way"], told).fetchone() != (True,):
        problem = "no file of that merchant is brought as that: posswitch delivery save says where"
        raise Refusal(FIELD, field="brought_with", problem=problem)


def _end(acting: Acting, values: ReportEnd) -> Result:
    told = {"schedule": values.schedule, "now": acting.now}
    if not acting.connection.execute(SQL["end_schedule"], told).rowcount:
        raise Refusal(STATE, state="ended")
    return OK


def _take(acting: Acting, values: ReportTake) -> Result:
    told = {"schedule": values.schedule, "business_date": values.date}
    row = acting.connection.execute(SQL["made_report"], told).fetchone()
    if row is None:
        raise Refusal(FIELD, field="date", problem="no report of that date is made yet")
    outcome, content = row
    if outcome != MADE:
        raise Refusal(STATE, state=outcome)
    return handed(bytes(content), {"date": values.date.isoformat()})


SCHEDULES: Final = Action(
    id=SCHEDULE,
    en="Have a report made every date or month",
    zh="定时报表",
    values=ReportSchedule,
    roles=MAKERS,
    do=_schedule,
    about=about_report,
)
ENDS: Final = Action(
    id=END,
    en="Have a report made no more",
    zh="停止定时报表",
    values=ReportEnd,
    roles=MAKERS,
    do=_end,
    about=lambda values: Ref("report_schedule", str(values.schedule)),
)
TAKES: Final = Action(
    id=TAKE,
    en="Take a report that was made",
    zh="领取报表",
    values=ReportTake,
    roles=READERS,
    do=_take,
    about=lambda values: Ref("report_schedule", str(values.schedule)),
    hands_out=True,
    may_print=True,
)

REPORTS_TIMED: Final = View(
    id="reports",
    en="Reports that are made by themselves",
    zh="报表",
    roles=READERS,
    scopes=PLACES,
    columns=(
        Column(name="id", kind=int, opens="reports_made"),
        Column(name="report"),
        Column(name="every"),
        Column(name="format"),
        Column(name="language"),
        Column(name="merchant", opens="merchants"),
        Column(name="store", kind=int),
        Column(name="brought_with"),
        Column(name="last_date", kind=dt.date),
        Column(name="report_outcome"),
        Column(name="sha256"),
        Column(name="made_at", kind=dt.datetime),
        Column(name="set_by"),
        Column(name="scheduled", kind=bool),
    ),
    order=("id",),
    is_newest_first=True,
    filters=(
        Filter(name="report", column="report", words=get_args(ReportName)),
        Filter(name="scheduled", column="scheduled", kind=bool),
    ),
    actions=(REPORT, SCHEDULE, END),
    exports="C",
)
REPORTS_MADE: Final = View(
    id="reports_made",
    en="What came of a timed report",
    zh="定时报表记录",
    roles=READERS,
    scopes=PLACES,
    columns=(
        Column(name="business_date", kind=dt.date),
        Column(name="schedule", kind=int),
        Column(name="name"),
        Column(name="report_outcome"),
        Column(name="lines", kind=int),
        Column(name="sha256"),
        Column(name="made_at", kind=dt.datetime),
        Column(name="delivery_state"),
        Column(name="delivered_at", kind=dt.datetime),
    ),
    order=("business_date",),
    is_newest_first=True,
    filters=(Filter(name="schedule", column="schedule", kind=int),),
    needs=frozenset({"schedule"}),
    few=frozenset({Scope.MERCHANT, Scope.STORE}),
    actions=(TAKE,),
    exports="C",
)
