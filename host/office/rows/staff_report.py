"""What vouchers for the staff have come to, by department and month: counts and costs alone."""

from typing import Final

from host.office.places import Scope
from host.office.roles import HR
from host.office.view import Column, Filter, View

REPORT: Final = View(
    id="staff_report",
    en="Report by department",
    zh="部门报表",
    roles=frozenset({HR}),
    scopes=frozenset({Scope.ENTERPRISE}),
    columns=(
        Column(name="month"),
        Column(name="department"),
        Column(name="issued", kind=int),
        Column(name="redeemed", kind=int),
        Column(name="not_redeemed", kind=int),
        Column(name="redeemed_percent", kind=int),
        Column(name="cost_minor", kind=int),
        Column(name="days_mean"),
    ),
    order=("month", "department"),
    is_newest_first=True,
    filters=(Filter(name="month", column="month"),),
    few=frozenset({Scope.ENTERPRISE}),
    exports="CX",
)
"""Never who, nor what for: a department of one is told as one of its enterprise."""
