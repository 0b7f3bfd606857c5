"""What is left on expired cards becomes their issuer's so many days after, and only once."""

import datetime as dt
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
import trio

from clearing.verify import ask
from host.model.office import Refused
from host.model.requests import Kind
from host.model.responses import Reason
from host.stock import ageing, ends
from host.store.changes import note_what_differs
from tests.host.conftest import NOW, Till, audit_ledger, trading
from tests.host.mortal import let_it_die
from tests.host.office.conftest import Bureau
from tests.host.office.test_card_ends import (
    Shelf,
    buy,
    finish,
    keep_driving,
    one_step,
)
from tests.host.office.test_stock import Issuer
from tests.host.stock.conftest import Stock
from tests.host.test_activation import FACE, activate
from tests.host.test_moves import KilledError, drive, killed_at, posted

DAYS = 30
TODAY = NOW.date()
DUE = TODAY - dt.timedelta(days=DAYS + 1)
NOT_YET = TODAY - dt.timedelta(days=DAYS)


class Keeper:
    """An issuer that keeps what expired cards have for some days, its finance, and a till."""

    def __init__(self, bureau: Bureau, stock: Stock, till: Till, days: int | None = DAYS) -> None:
        self.bureau, self.stock, self.till = bureau, stock, till
        self.issuer = Issuer(bureau)
        self.finance = bureau.person("finance")
        self.second = bureau.person("finance")
        if days is not None:
            bureau.done_by_two(
                self.issuer.manager, bureau.admin, "product.revise", product=self.issuer.product,
                name="Gift", form="virtual", face_minor_min=FACE, valid_days=365,
                is_reloadable=True, breakage_days=days,
            )  # fmt: skip

    async def shelf(self, *days: dt.date | None) -> Shelf:
        """Sold cards whose last days were these; None: it is still good."""
        shelf = Shelf(self.issuer, self.stock, len(days))
        for pan, card, day in zip(shelf.pans, shelf.ids, days, strict=True):
            await activate(self.till, pan)
            if day is not None:
                self.last_day(card, day)
        return shelf

    def last_day(self, card: int, day: dt.date) -> None:
        """As time would have it."""
        connection = self.stock.connection
        connection.execute(
            "UPDATE card SET valid_from = '2024-01-01', valid_to = %s WHERE id = %s", (day, card)
        )
        note_what_differs(connection, ["card"])

    async def clock(self) -> None:
        """What timers do, and what is driven by the clock."""
        self.bureau.later(minutes=2)
        await trio.to_thread.run_sync(self.bureau.do_jobs)
        await drive(self.till)

    def left(self, shelf: Shelf) -> list[int]:
        return [
            int(minor)
            for (minor,) in self.stock.rows(
                "SELECT p.posted_minor FROM purse AS p WHERE p.card_id = any(%s) AND p.unit = 'CNY'"
                " ORDER BY p.card_id",
                shelf.ids,
            )
        ]

    def kept(self) -> int:
        """On the issuer's account, by its entries."""
        [(minor,)] = self.bureau.sql(
            "SELECT coalesce(sum(m.amount_minor), 0)::bigint FROM movement AS m"
            " JOIN account AS a ON a.id = m.account_id"
            " WHERE a.chart = 'breakage' AND a.unit = 'CNY'"
        )
        return int(minor)

    def rows(self, **filters: str) -> list[tuple[Any, ...]]:
        names = ("month", "cards", "left_minor", "recognised_minor", "breakage_days")
        found = self.bureau.rows(self.issuer.manager, "expiries", **filters)
        return [tuple(row[name] for name in names) for row in found]

    def recognise(self, month: str) -> None:
        asked = {"product": self.issuer.product, "month": month}
        self.bureau.done_by_two(self.finance, self.second, "breakage.recognise", **asked)

    def refused(self, month: str) -> str:
        asked = {"product": self.issuer.product, "month": month}
        told = self.bureau.with_code(self.finance, "breakage.recognise", **asked)
        assert isinstance(told, Refused), told
        return told.code


@pytest.fixture
def stock(bureau: Bureau) -> Iterator[Stock]:
    with psycopg.connect(bureau.dsns.owner, autocommit=True) as connection:
        yield Stock(connection=connection, dsns=bureau.dsns)


@pytest.fixture
async def till(bureau: Bureau) -> AsyncIterator[Till]:
    async with trading(bureau.dsns) as till:
        yield till
    audit_ledger(bureau.dsns)


async def test_what_an_expired_card_has_is_its_issuers_after_its_products_days_and_not_before(
    bureau: Bureau, stock: Stock, till: Till
) -> None:
    """S4-67: by the clock, a posting for each card; such a card is never extended any more."""
    keeper = Keeper(bureau, stock, till)
    shelf = await keeper.shelf(None, NOT_YET, None)
    await buy(till, shelf.pans[0], 1_500)
    keeper.last_day(shelf.ids[0], DUE)
    before = keeper.kept()
    await keeper.clock()
    await keeper.clock()
    assert keeper.left(shelf) == [0, FACE, FACE]
    assert keeper.kept() - before == FACE - 1_500
    assert stock.rows(
        "SELECT j.card_id, j.amount_minor, j.made_by FROM journal AS j WHERE kind = 'breakage'"
    ) == [(shelf.ids[0], FACE - 1_500, "breakage")]
    assert (await buy(till, shelf.pans[0], 1)).reason is Reason.EXPIRED
    [row] = keeper.rows()
    assert row == (DUE.replace(day=1).isoformat(), 2, FACE, FACE - 1_500, DAYS)
    asked = {"valid_to": TODAY + dt.timedelta(days=90), "note": "the holder asks"}
    manager = keeper.issuer.manager
    assert bureau.refused(manager, "card.extend", card=shelf.ids[0], **asked) == "E-BREAKAGE"
    bureau.done_by_two(manager, bureau.admin, "card.extend", card=shelf.ids[1], **asked)
    assert (await buy(till, shelf.pans[1], FACE)).is_approved
    await keeper.clock()
    assert posted(till, Kind.BREAKAGE) == 1


async def test_a_product_that_says_nothing_keeps_what_expired_cards_have_for_ever(
    bureau: Bureau, stock: Stock, till: Till
) -> None:
    """S4-67: and a card keeps the version that it was made under."""
    keeper = Keeper(bureau, stock, till, days=None)
    shelf = await keeper.shelf(dt.date(2025, 1, 31))
    await keeper.clock()
    assert keeper.left(shelf) == [FACE]
    assert keeper.refused("2025-01") == "E-KEPT"
    assert keeper.rows(month="2025-01-01") == [("2025-01-01", 1, FACE, 0, None)]


async def test_people_take_a_month_by_a_job_that_is_killed_and_goes_on(
    bureau: Bureau, stock: Stock, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S4-67: what it would do is told before, two agree, and no card gives twice."""
    monkeypatch.setattr(ends, "CARDS_PER_STEP", 2)
    keeper = Keeper(bureau, stock, till)
    shelf = await keeper.shelf(DUE, DUE, NOT_YET, DUE, None)
    await trio.to_thread.run_sync(expire, keeper)
    month = f"{DUE:%Y-%m}"
    before, asked = keeper.kept(), {"product": keeper.issuer.product, "month": month}
    seen = bureau.done(keeper.finance, "breakage.recognise", _is_dry_run=True, **asked)
    assert (seen.told["cards"], seen.told["value_minor"]) == (3, 3 * FACE)
    assert keeper.kept() == before
    assert bureau.refused(keeper.issuer.manager, "breakage.recognise", **asked) == "E-NOT-YOUR-ROLE"
    keeper.recognise(month)
    for is_killed in (True, False):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(keep_driving, till)
            while (job := bureau.rows(keeper.finance, "jobs")[0])["state"] != "done":
                await trio.to_thread.run_sync(one_step if is_killed else finish, bureau)
                if is_killed and job["done"] >= 2:
                    break
            nursery.cancel_scope.cancel()
    assert keeper.left(shelf) == [0, 0, FACE, 0, FACE]
    assert (keeper.kept() - before, posted(till, Kind.BREAKAGE)) == (3 * FACE, 3)
    assert keeper.refused(month) == "E-EARLY", "one is left, of which it is not the day"


def expire(keeper: Keeper) -> None:
    """The clock's first part alone: states follow their days."""
    ageing.expire_cards(keeper.stock.connection, 100)


@pytest.mark.parametrize("is_heard", [False, True])
async def test_a_host_killed_between_cards_takes_the_others_and_none_twice(
    bureau: Bureau, stock: Stock, till: Till, is_heard: bool
) -> None:
    """S4-67."""
    keeper = Keeper(bureau, stock, till)
    shelf = await keeper.shelf(DUE, DUE, DUE)
    await trio.to_thread.run_sync(bureau.do_jobs)
    for _ in range(2):
        with pytest.RaisesGroup(KilledError, flatten_subgroups=True):
            await drive(till, killed_at(till, 0, is_heard=is_heard))
    audit_ledger(bureau.dsns)
    await drive(till)
    assert keeper.left(shelf) == [0, 0, 0]
    assert posted(till, Kind.BREAKAGE) == 3


@pytest.mark.parametrize("point", ["before_commit:1", "after_commit_before_reply:1"])
async def test_a_host_killed_by_the_system_takes_what_is_left_once(
    bureau: Bureau, stock: Stock, point: str
) -> None:
    """S4-67."""
    async with trading(bureau.dsns) as till:
        keeper = Keeper(bureau, stock, till)
        shelf = await keeper.shelf(DUE, DUE)
        await trio.to_thread.run_sync(bureau.do_jobs)
    died = await trio.to_thread.run_sync(let_it_die, bureau.dsns, point, drive)
    assert died.returncode == -signal.SIGKILL, died.stderr
    audit_ledger(bureau.dsns)
    async with trading(bureau.dsns) as till:
        await drive(till)
        assert keeper.left(shelf) == [0, 0]
        assert posted(till, Kind.BREAKAGE) == 2
    audit_ledger(bureau.dsns)


async def test_what_comes_back_later_stays_until_people_take_its_month_again(
    bureau: Bureau, stock: Stock, till: Till
) -> None:
    """S4-67: a sale is given back onto a card that had expired: no clock takes it."""
    keeper = Keeper(bureau, stock, till)
    shelf = await keeper.shelf(None)
    sale = till.request(Kind.PURCHASE, None, 4_000, pan=shelf.pans[0])
    answer = await till.ask(sale)
    keeper.last_day(shelf.ids[0], DUE)
    await keeper.clock()
    refund = till.request(
        Kind.REFUND, None, 1_000, pan=shelf.pans[0], original=till.original(sale, answer)
    )
    assert (await till.ask(refund)).is_approved
    await keeper.clock()
    assert keeper.left(shelf) == [1_000]
    keeper.recognise(f"{DUE:%Y-%m}")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_driving, till)
        await trio.to_thread.run_sync(finish, bureau)
        nursery.cancel_scope.cancel()
    assert keeper.left(shelf) == [0]
    assert keeper.rows()[0][2:4] == (0, FACE - 3_000)


async def test_the_audit_names_what_was_taken_and_is_told_otherwise(
    bureau: Bureau, stock: Stock
) -> None:
    """S4-67."""
    async with trading(bureau.dsns) as till:
        keeper = Keeper(bureau, stock, till)
        await keeper.shelf(DUE)
        await keeper.clock()
    audit_ledger(bureau.dsns)
    for edit in (
        "UPDATE breakage SET amount_minor = amount_minor + 1",
        "UPDATE breakage SET month = '2020-01-01'",
        "UPDATE card SET status = 'active' WHERE breakage_on IS NOT NULL",
        "DELETE FROM breakage",
    ):
        with psycopg.connect(bureau.dsns.owner) as connection:
            connection.execute(edit)
            found = {finding.test for finding in ask(connection)}
            assert "breakage_not_its_card" in found, edit
            connection.rollback()
