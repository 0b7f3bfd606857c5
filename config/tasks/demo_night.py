"""The demo's night: what it charges is said before, and it is released by who did not run it."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from clearing.run import Summary
from config.language import speech
from config.run.staff import DemoStaff
from config.screen import amount
from host.cases import CASES, CaseKind
from host.clock import utc_now
from host.estate.circle import SHARED
from host.model.money import HOUSE_CURRENCY
from host.model.office import Refused
from host.office.roles import FN
from host.rules.alliances import ACTS, Settled
from host.rules.day_states import RELEASE
from host.store.cases import list_cases, resolve_case
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("config.tasks", "demo_night.sql")
OTHER_FINANCE, THIRD_FINANCE = f"{FN} 2", f"{FN} 3"
"""More people of finance: what one of them asks for another agrees to."""
FEE: Final[Mapping[str, object]] = {
    "payer": "merchant",
    "kinds": ["purchase"],
    "percent": "0.38%",
    "fee_min_minor": 1,
}
"""What a sale costs a merchant."""
FOURTH_FINANCE, FIFTH_FINANCE = f"{FN} 4", f"{FN} 5"
TERMS: Final[Mapping[str, object]] = {
    "programme": SHARED.code,
    "settled": Settled.AT_ISSUE.value,
    "per_points": 100,
    "issued_minor": 100,
    "redeemed_minor": 80,
}
"""What points of the alliance cost who gives them out: a hundredth of a sale."""
FOUND_OUT: Final = "the shop was asked, and its slips say what the ledger says"


def say_fees(staff: DemoStaff) -> None:
    """Before the shops open: what sales cost, and what points of the alliance do."""
    staff.agreed(OTHER_FINANCE, "fee.save", FEE, agreed_by=THIRD_FINANCE)
    staff.agreed(FOURTH_FINANCE, "alliance_terms.save", TERMS, agreed_by=FIFTH_FINANCE)


def settled_points(connection: Connection, date: dt.date) -> list[str]:
    """What the night has settled of the alliance, in a line of each act."""
    rows = connection.execute(SQL["settled_points"], {"business_date": date}).fetchall()
    return [
        f"alliance {SHARED.code}: {points:,} points {ACTS[act].meaning}: {amount(minor, unit)}"
        for act, points, minor, unit in rows
    ]


def explain_cases(connection: Connection, by: str) -> dict[CaseKind, int]:
    """Close each case that would be in the way of a release; gives how many there were of each."""
    found = [case for case in list_cases(connection) if not CASES[case.kind].is_notice]
    for case in found:
        resolve_case(connection, case.id, note=FOUND_OUT, by=by, now=utc_now())
    return dict(Counter(case.kind for case in found))


def explained(cases: Mapping[CaseKind, int], by: str) -> list[str]:
    """What was closed, in a line of each kind."""
    return [
        f"{by} asked shops about what was open, and closed it: {kind} {number}"
        for kind, number in sorted(cases.items())
    ]


@dataclass(frozen=True, slots=True)
class ReleaseTale:
    """What came of it: who asked, for which date, and why not, where it was refused."""

    login: str
    date: str
    payable_minor: int
    why_not: str = ""

    def told(self) -> str:
        """In a line that a newcomer understands."""
        if self.why_not:
            why = speech.said(self.why_not)
            return f"{self.login} may not release {self.date} yet: {why}"
        paid = amount(self.payable_minor, HOUSE_CURRENCY)
        return f"{self.login}, who did not run it, released {self.date}: {paid} is paid"


def release_night(staff: DemoStaff, summary: Summary) -> ReleaseTale:
    """Ask for it, with what is paid as the night's positions say it."""
    payable_minor = sum(
        max(0, row.net.amount_minor) for row in summary.positions if row.unit == HOUSE_CURRENCY
    )
    date = summary.business_date.isoformat()
    told = staff.ask(FN, RELEASE, {"date": date, "payable_minor": payable_minor})
    why_not = str(told.en) if isinstance(told, Refused) else ""
    return ReleaseTale(staff.person(FN).login, date, payable_minor, why_not)
