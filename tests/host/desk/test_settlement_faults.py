"""Settlements that go wrong, as a table: each lands in its class, no value moves, the parts sum up.

Late, missing or garbled 0500s and 0320s, totals off by one minor unit or one item. Every row is a
terminal's day from its first sale to its next batch; the ledger is audited after each.
"""

from collections.abc import Awaitable, Callable

import msgspec
import psycopg
import pytest

from clearing.verify import ask, audit
from config.run.database import Dsns
from host.cases import CaseKind
from host.model.requests import Kind, Totals, UploadRecord
from host.model.responses import Reason
from tests.host.conftest import CARDS, CardPool, Till
from tests.host.terminal_day import SECOND_EPOCH, ZERO, Day, ledger, unsettled_terminals

RIGHT = (Totals(3_000, 3, 700, 1), Totals(500, 1, 0, 0))
TERMINAL_IDS = unsettled_terminals()
Step = Callable[[Day], Awaitable[object]]


async def traded(till: Till, pool: CardPool) -> Day:
    """Three sales, a load and a redemption."""
    day = Day(till, next(TERMINAL_IDS))
    for _ in range(3):
        await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.sell(Kind.CASH_LOAD, pool.city(), 700)
    await day.sell(Kind.POINTS_REDEMPTION, pool.with_points(), 500)
    return day


def settling(**change: int) -> Step:
    """A 0500 whose totals are right but for this."""
    money = {key: value for key, value in change.items() if not key.startswith("points_")}
    points = {
        key.removeprefix("points_"): value for key, value in change.items() if key not in money
    }

    async def step(day: Day) -> None:
        halves = (changed(RIGHT[0], money), changed(RIGHT[1], points))
        answer = await day.settle(*halves)
        assert answer.totals == RIGHT
        assert answer.totals_agree == (not any(money.values()), not any(points.values()))

    return step


def changed(half: Totals, change: dict[str, int]) -> Totals:
    return msgspec.structs.replace(
        half, **{name: getattr(half, name) + more for name, more in change.items()}
    )


async def garbled(day: Day) -> None:
    answer = await day.till.ask(day.message(Kind.SETTLEMENT))
    assert answer.reason is Reason.FORMAT_ERROR


async def refused_by_a_chip(day: Day) -> None:
    assert (await day.upload()).is_approved


async def uploading(day: Day) -> None:
    assert (await day.upload_all()).is_approved


async def ending(day: Day) -> None:
    assert (await day.end(0)).is_approved


async def twice(day: Day) -> None:
    for record in day.records:
        assert (await day.upload(record)).is_approved
    await uploading(day)


async def without_the_first(day: Day) -> None:
    del day.records[0]
    await uploading(day)


async def one_lost_under_way(day: Day) -> None:
    await day.upload(*day.records[1:])
    assert (await day.end(len(day.records))).is_approved


async def with_one_more(day: Day) -> None:
    day.records.append(UploadRecord("999999", 1))
    await uploading(day)


async def one_unit_more(day: Day) -> None:
    day.records[0] = msgspec.structs.replace(
        day.records[0], amount_minor=day.records[0].amount_minor + 1
    )
    await uploading(day)


async def another_card(day: Day) -> None:
    day.records[0] = msgspec.structs.replace(day.records[0], pan=CARDS[999].pan)
    await uploading(day)


async def settling_from_another_batch(day: Day) -> None:
    clone = Day(day.till, day.tid, "000500")
    assert (await clone.settle(ZERO)).reason is Reason.BATCH_MISMATCH


K = CaseKind
ROWS: list[tuple[str, list[Step], list[CaseKind]]] = [
    ("right", [settling()], []),
    ("right, three times", [settling(), settling(), settling()], []),
    ("right, and an end", [settling(), ending], []),
    ("right, and the whole batch uploaded", [settling(), uploading], []),
    ("garbled, then right", [garbled, settling()], []),
    ("of another batch, then right", [settling_from_another_batch, settling()], []),
    ("wrong, then right", [settling(debit_minor=1), settling()], []),
    ("never, but uploaded", [uploading], [K.UPLOAD_UNASKED]),
    ("garbled, but uploaded", [garbled, refused_by_a_chip, uploading], [K.UPLOAD_UNASKED]),
    ("uploaded before it is settled", [twice, settling(), uploading], [K.UPLOAD_UNASKED]),
    (
        "uploaded before it is settled, and wrong",
        [uploading, settling(debit_minor=1), settling(debit_minor=1), uploading],
        [K.UPLOAD_UNASKED, K.TOTALS_UNEXPLAINED],
    ),
    *[
        (f"{name} off by {off}", [settling(**{name: off}), uploading], [K.TOTALS_UNEXPLAINED])
        for name in (
            "debit_minor",
            "debit_count",
            "credit_minor",
            "credit_count",
            "points_debit_minor",
            "points_debit_count",
        )
        for off in (1, -1)
    ],
    (
        "one item missing",
        [settling(debit_minor=-1_000, debit_count=-1), without_the_first],
        [K.MISSING_AT_TERMINAL],
    ),
    (
        "one item more",
        [settling(debit_minor=1, debit_count=1), with_one_more],
        [K.UNKNOWN_STAN],
    ),
    ("one unit more", [settling(debit_minor=1), one_unit_more], [K.AMOUNT_DIFFERS]),
    ("right, one unit more", [settling(), one_unit_more], [K.AMOUNT_DIFFERS, K.TOTALS_UNEXPLAINED]),
    ("another card", [settling(), another_card], [K.CARD_DIFFERS]),
    (
        "a record lost under way",
        [settling(debit_minor=1), one_lost_under_way],
        [K.MISSING_AT_TERMINAL, K.UPLOAD_INCOMPLETE],
    ),
    ("records sent twice", [settling(debit_minor=1), twice], [K.TOTALS_UNEXPLAINED]),
    ("wrong, and never uploaded", [settling(debit_minor=1)], [K.TOTALS_DIFFER]),
    (
        "wrong, and only the end comes",
        [settling(debit_minor=1), ending],
        [K.MISSING_AT_TERMINAL] * 5 + [K.TOTALS_UNEXPLAINED],
    ),
]
AWAITING = {"wrong, and never uploaded"}


@pytest.mark.parametrize(("name", "steps", "cases"), ROWS, ids=[row[0] for row in ROWS])
async def test_every_fault_of_a_settlement_lands_in_its_class(
    shared: Till, pool: CardPool, name: str, steps: list[Step], cases: list[CaseKind]
) -> None:
    day = await traded(shared, pool)
    before = ledger(shared)
    for step in steps:
        await step(day)
    assert [kind for kind, _ in day.kinds()] == cases
    assert ledger(shared) == before
    assert day.counted() == day.summed() == RIGHT
    if name not in AWAITING:
        assert day.state()[1] == SECOND_EPOCH
        assert (await day.buy(pool.city(), epoch=SECOND_EPOCH)).is_approved


async def test_a_settled_total_that_was_changed_by_hand_is_a_violation(
    till: Till, pool: CardPool
) -> None:
    day = Day(till, "80010002")
    await day.sell(Kind.PURCHASE, pool.city(), 1_000)
    await day.settle(Totals(1_000, 1))
    for place in range(1, 9):
        named = named_violations(till.dsns, f"UPDATE terminal_batch SET counted[{place}] = 77")
        assert named == {"batch_not_its_journals", "foreign_change"}
    reopened = "UPDATE terminal_batch SET state = 'awaiting_upload'"
    assert named_violations(till.dsns, reopened) == {"foreign_change"}


def named_violations(dsns: Dsns, statement: str) -> set[str]:
    """What the audit finds once this has been done; it is undone again."""
    with psycopg.connect(dsns.owner) as owner:
        owner.execute(statement)
        found = {one.test for one in ask(owner)}
        owner.rollback()
    with psycopg.connect(dsns.owner, autocommit=True) as owner:
        assert audit(owner) == []
    return found
