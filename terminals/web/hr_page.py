"""HR: vouchers for the staff of an enterprise: to whom, what it costs, and how it went. No rule.

The form is that of the action, with its departments and grades to be ticked; it is rehearsed first.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from terminals.web import charts
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row

LIVE_SECONDS: Final = 5.0
ROLE: Final = "enterprise_hr"


def _arranged(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    report, staff = parts.get("report"), parts.get("staff")
    rows = report.rows if report is not None else ()
    months = sorted({str(row.values["month"]) for row in rows})
    newest = [row for row in rows if months and row.values["month"] == months[-1]]
    offers = parts.get("offers")
    return {
        "enterprise": parts["enterprise"].first if "enterprise" in parts else None,
        "month": months[-1] if months else "",
        "departments_of_month": newest,
        "rate": _rate(newest) if newest else None,
        "offered": [
            row for row in (offers.rows if offers else ()) if row.values["state"] == "offered"
        ],
        "grades": sorted({row.text("grade") for row in (staff.rows if staff else ())} - {""}),
    }


def _rate(rows: Sequence[Row]) -> list[charts.Share]:
    """How much of it each department has redeemed, of a hundred."""
    told = "{}/{} · {}%"
    return charts.shares(
        [
            (
                row.text("department"),
                row.values["redeemed_percent"],
                told.format(row.text("redeemed"), row.text("issued"), row.text("redeemed_percent")),
            )
            for row in rows
        ]
    )


HR: Final = Screen(
    id="hr",
    path="/hr",
    en="Vouchers for the staff",
    zh="企业福利",
    template="hr.html",
    roles=frozenset({ROLE}),
    parts={
        "enterprise": Part(view="enterprises", rows_max=1),
        "report": Part(view="staff_report"),
        "departments": Part(view="departments", rows_max=200),
        "offers": Part(view="staff_offers"),
        "staff": Part(view="staff", rows_max=200),
        "issues": Part(view="staff_issues", rows_max=6),
        "jobs": Part(view="jobs", filters={"state": "running"}, rows_max=6),
    },
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
