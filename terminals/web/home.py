"""HOME: the day at a glance: what waits for who reads, what the last night left, what came last."""

from collections.abc import Mapping
from typing import Any, Final

from terminals.web import charts, hr_page, member_parts
from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row, Shown

LIVE_SECONDS: Final = 10.0
STEPS: Final = "steps"
DAYS_MAX: Final = 30
ELSEWHERE: Final[Mapping[str, str]] = {member_parts.ROLE: "/me", hr_page.ROLE: hr_page.HR.path}
"""Roles that have a home of their own."""
OPEN: Final = "open"


def _arranged(reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    days = parts.get("days")
    return {
        "trade": _trade(reader, days) if days is not None and len(days.rows) > 1 else None,
        "day": _last_night(days) if days is not None else None,
    }


def _last_night(days: Shown) -> Row | None:
    """The last date of which something was taken; where there is none, the one that is open."""
    taken = (row for row in days.rows if row.values.get("day_state") != OPEN)
    return next(taken, days.first)


def _trade(reader: Reader, days: Shown) -> charts.Chart:
    """What was traded on each of the last days, the oldest first."""
    rows = [one for one in reversed(days.rows) if one.values.get("transactions") is not None]
    return charts.bars(
        [(one.text("business_date"), one.values["transactions"], one.text("transactions"))
         for one in rows],
        reader.named(days.view),
    )  # fmt: skip


HOME: Final = Screen(
    id="home",
    path="/",
    en="Home",
    zh="首页",
    template="home.html",
    is_for_all=True,
    elsewhere=ELSEWHERE,
    parts={
        "approvals": Part(view="approvals", filters={"to_decide": "true"}, rows_max=6),
        "mails": Part(view="mails", filters={"unread": "true"}, rows_max=6),
        "days": Part(view="business_days", rows_max=DAYS_MAX),
        STEPS: Part(
            view="clearing_steps",
            filters={"date": "{days.business_date}"},
            needs=frozenset({"date"}),
        ),
        "differences": Part(
            view="recon_items",
            filters={"date": "{days.business_date}", "is_open": "true"},
            needs=frozenset({"date"}),
            rows_max=6,
        ),
        "jobs": Part(view="jobs", filters={"state": "running"}, rows_max=6),
        "settlements": Part(view="settlements", rows_max=6),
        "batches": Part(view="card_batches", rows_max=6),
    },
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
