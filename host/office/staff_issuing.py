"""Vouchers handed out to the staff of an enterprise: who has one, what it costs, row by row.

The whole cost is spent when it is asked for, under the enterprise's row, so two at once never spend
the same; what a row does not hand out is given back with it. A row is done once: who is killed goes
on behind the last that was kept.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from host.office.jobs import AtWork
from host.office.stock_refusals import refusal_of
from host.stock.batches import By
from host.stock.refusals import StockRefusal
from host.stock.sales import Channel
from host.stock.vouchers import add_claims, claim_of_batch
from host.store.connecting import Connection
from host.store.queries import load_queries

SQL: Final = load_queries("host.office", "staff_issues.sql")
ROWS_PER_STEP: Final = 100
GOODS, SERVICES = "goods", "services"


class Offer(NamedTuple):
    """A batch that an enterprise may hand out, and what one costs it."""

    batch: int
    gives: str
    price_minor: int


class Chosen(NamedTuple):
    """Somebody, as they are on the day."""

    employee: int
    member: int
    department: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the job is left with."""

    issue: int
    by: str


class _Issue(NamedTuple):
    batch: int
    enterprise: int
    price_minor: int
    planned: int


def chosen(
    connection: Connection,
    enterprise: int,
    offer: Offer,
    departments: Sequence[str],
    grades: Sequence[str],
) -> tuple[list[Chosen], int]:
    """Who of them may redeem what is given; and how many may not."""
    told = {
        "enterprise": enterprise,
        "gives": offer.gives,
        "departments": list(departments),
        "grades": list(grades),
    }
    rows = connection.execute(SQL["chosen_staff"], told).fetchall()
    found = [Chosen(*row) for *row, may_have in rows if may_have]
    return found, len(rows) - len(found)


def spend(connection: Connection, enterprise: int, cost_minor: int) -> None:
    """So much more is spent; less, where that is below zero."""
    connection.execute(SQL["spend"], {"enterprise": enterprise, "cost": cost_minor})


def hand_out(at_work: AtWork) -> int:
    """The next rows of the job: each has its voucher, or is refused and given back."""
    plan = msgspec.convert(at_work.job.plan, Plan)
    connection = at_work.connection
    row = connection.execute(SQL["issue"], (plan.issue,)).fetchone()
    assert row is not None, "it was made with its job"
    issue = _Issue(*row)
    told = {"issue": plan.issue, "after": at_work.job.done, "limit": ROWS_PER_STEP}
    waiting = connection.execute(SQL["waiting_rows"], told).fetchall()
    refused = sum(
        not _is_handed_out(at_work, plan, issue, place, member) for place, member in waiting
    )
    counted = {"issue": plan.issue, "issued": len(waiting) - refused, "refused": refused}
    connection.execute(SQL["count_rows"], counted)
    if refused:
        spend(connection, issue.enterprise, -refused * issue.price_minor)
    last: int = waiting[-1][0] if waiting else issue.planned
    return last


def _is_handed_out(at_work: AtWork, plan: Plan, issue: _Issue, place: int, member: int) -> bool:
    connection, by = at_work.connection, By(plan.by, at_work.now)
    row = {"issue": plan.issue, "place": place}
    try:
        with connection.transaction():
            [card] = claim_of_batch(connection, issue.batch, member, 1)
            add_claims(connection, [card], member, Channel.ENTERPRISE.value, by)
    except StockRefusal as refusal:
        connection.execute(SQL["refuse_row"], {**row, "why": refusal_of(refusal).code})
        return False
    connection.execute(SQL["hand_out_row"], {**row, "card": card, "now": at_work.now})
    return True


def give_back_left(connection: Connection, at_a_time: int) -> int:
    """Of jobs that were stopped or have failed, what they have not handed out; gives how many."""
    left = connection.execute(SQL["left_issues"], (at_a_time,)).fetchall()
    for issue, enterprise, price in left:
        refused = connection.execute(SQL["refuse_left"], (issue,)).rowcount
        connection.execute(SQL["count_rows"], {"issue": issue, "issued": 0, "refused": refused})
        spend(connection, enterprise, -refused * price)
    return len(left)
