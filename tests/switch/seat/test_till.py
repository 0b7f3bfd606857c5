"""A seat without its pages: what a till has to do, against a whole house over a line that fails."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from host.estate.demo import GIFT_FACE_MINOR, voucher_code
from host.model.requests import Kind
from host.model.terminal import MacAlgorithm
from switch.seat.counter import (
    bill_of,
    complete,
    may_be_completed,
    may_be_voided,
    refund,
    take_cash,
    trade,
    void,
)
from switch.seat.seats import Seats
from switch.seat.session import About
from switch.seat.settling import settle
from switch.seat.till import NotNowError, Till
from switch.web_settings import WebSettings
from terminals.seat import presented
from terminals.seat.entry import Entry, State
from terminals.seat.order import Order
from tests.switch.seat.conftest import CARDS, SEAT_SECONDS_MAX, House
from tests.whole.relay import Trouble

TERMINAL = "80019001"
LOADED = 1232
"""A gift card that more is put onto."""
ABOUT = About(
    merchant_id="888290054110001",
    merchant="Harbour Grocery",
    store="Harbour Grocery, Quay",
    mac_algorithm=MacAlgorithm.X9_19,
    sitting="min",
)


@pytest.fixture(scope="module")
def directory(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("front") / "seats"
    house.seat(TERMINAL, found)
    return found


def at_seat(house: House, directory: Path, do: Callable[[Till], Awaitable[None]]) -> None:
    """Sit down at the seat, as a front that has just begun."""
    settings = WebSettings(
        seats=str(directory),
        seats_call=f"127.0.0.1:{house.relay.port}",
        seat_seconds_max=SEAT_SECONDS_MAX,
    )

    async def run() -> None:
        seats = Seats(settings)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(seats.run)
            await trio.testing.wait_all_tasks_blocked()
            till = seats.found(TERMINAL)
            assert till is not None
            await till.sit(ABOUT)
            await do(till)
            nursery.cancel_scope.cancel()

    house.relay.heal()
    trio.run(run)


def activated(till: Till, card: int) -> Awaitable[Entry]:
    """Sell a gift card, which asks for no PIN; its face value is on it from now on."""
    return sold(till, card, GIFT_FACE_MINOR, Kind.CARD_ACTIVATION)


async def known(till: Till, name: str) -> Entry:
    """An entry, once the house has said what became of it."""
    with trio.fail_after(20):
        while till.entries[name].state is State.DOUBT:  # noqa: ASYNC110 - as a page looks
            await trio.sleep(0.05)
    return till.entries[name]


def _typed(card: int) -> presented.Presented:
    return presented.read(CARDS[card].pan.reveal())


async def sold(
    till: Till, card: int, amount_minor: int, kind: Kind = Kind.PURCHASE, order: str = ""
) -> Entry:
    asked = Order(
        kind=kind,
        order=order,
        amount_minor=amount_minor,
        presented=_typed(card),
        by="min",
        once_key=f"{card}-{amount_minor}-{till.session.counting.trace}",
    )
    return await (await trade(till, asked)).send()


def test_it_sells_voids_refunds_and_its_batch_agrees(house: House, directory: Path) -> None:
    """S4-56, S4-61: points are earned and asked for; what either side counted agrees."""

    async def day(till: Till) -> None:
        assert (await activated(till, 1101)).state is State.APPROVED
        before = house.value_of(1101)
        sale = await sold(till, 1101, 1_800)
        assert (sale.state, sale.f39, len(sale.rrn)) == (State.APPROVED, "00", 12)
        assert house.value_of(1101) == before - 1_800
        taken_back = await (await void(till, sale, "min", "v1")).send()
        assert taken_back.state is State.APPROVED
        assert till.entries[sale.name].undone_by == taken_back.name
        again = await sold(till, 1101, 5_000, order="T-2026-1")
        told = "SELECT order_number FROM order_reference WHERE order_number = 'T-2026-1'"
        assert house.rows(told) == [("T-2026-1",)]
        back = await (await refund(till, again, 2_000, "min", "r1")).send()
        assert back.state is State.APPROVED
        assert till.entries[again.name].left_minor == 3_000
        points = await sold(till, 1101, 1_000, Kind.POINTS_EARN)
        assert (points.state, int(points.told["earned"]) > 0) == (State.APPROVED, True)
        spent = await sold(till, 1101, 5, Kind.POINTS_REDEMPTION)
        assert spent.state in {State.APPROVED, State.DECLINED}
        asked = await sold(till, 1101, 0, Kind.ACCOUNT_INQUIRY)
        assert int(asked.told["value_minor"]) == before - 3_000
        settled = await settle(till, "min")
        assert (settled.agrees, settled.is_over) == (True, True)
        assert (settled.money.debit_minor, settled.money.debit_count) == (6_800, 2)
        assert till.batch != settled.batch

    at_seat(house, directory, day)
    assert house.violations() == []


def test_less_than_was_asked_is_a_bill_whose_rest_is_paid_otherwise(
    house: House, directory: Path
) -> None:
    async def day(till: Till) -> None:
        await activated(till, 1102)
        await activated(till, 1103)
        left = house.value_of(1102)
        first = await sold(till, 1102, left + 2_300)
        assert (first.state, first.f39, first.taken) == (State.APPROVED, "10", left)
        assert bill_of(till, first).rest_minor == 2_300
        order = Order(
            kind=Kind.PURCHASE,
            amount_minor=1_300,
            presented=_typed(1103),
            bill=first.bill,
            by="min",
            once_key="second card",
        )
        await (await trade(till, order)).send()
        assert bill_of(till, first).rest_minor == 1_000
        await take_cash(till, first)
        bill = bill_of(till, first)
        assert (bill.rest_minor, bill.first.cash_minor) == (0, 1_000)

    at_seat(house, directory, day)


def test_a_member_pays_by_a_code_and_is_given_back_by_it(house: House, directory: Path) -> None:
    """S4-04: what is scanned is no card's number; it pays once."""
    code = house.pay_code(1225, "13800138225")

    async def day(till: Till) -> None:
        def order(key: str) -> Order:
            shown = presented.read(code)
            return Order(
                kind=Kind.PURCHASE, amount_minor=3_000, presented=shown, by="min", once_key=key
            )

        sale = await (await trade(till, order("code 1"))).send()
        assert (sale.state, house.value_of(1225)) == (State.APPROVED, GIFT_FACE_MINOR - 3_000)
        again = await (await trade(till, order("code 2"))).send()
        assert (again.state, again.f39) == (State.DECLINED, "22")
        back = await (await refund(till, sale, 1_000, "min", "back")).send()
        assert (back.state, house.value_of(1225)) == (State.APPROVED, GIFT_FACE_MINOR - 2_000)

    at_seat(house, directory, day)


def test_a_card_is_loaded_by_a_code_and_a_voucher_pays(house: House, directory: Path) -> None:
    async def day(till: Till) -> None:
        await activated(till, 1114)
        load = Order(
            kind=Kind.LOAD_BY_CODE,
            presented=_typed(1114),
            second=presented.read(voucher_code(1310).reveal()),
            by="min",
            once_key="load",
        )
        done = await (await trade(till, load)).send()
        assert (done.state, done.taken) == (State.APPROVED, 5_000)
        assert house.value_of(1114) == GIFT_FACE_MINOR + 5_000
        voided = await (await void(till, done, "min", "load back")).send()
        assert voided.state is State.APPROVED
        assert house.value_of(1114) == GIFT_FACE_MINOR
        code = presented.read(voucher_code(1311).reveal())
        order = Order(
            kind=Kind.VOUCHER_REDEMPTION, amount_minor=8_000, presented=code, by="min", once_key="v"
        )
        paid = await (await trade(till, order)).send()
        assert paid.state is State.APPROVED
        assert bill_of(till, paid).rest_minor == 3_000

    at_seat(house, directory, day)
    assert house.violations() == []


def test_what_is_held_is_completed_in_another_batch_and_comes_back_with_its_void(
    house: House, directory: Path
) -> None:
    """S3-11: held, paid out of, given up; what is only held is in no total."""

    async def day(till: Till) -> None:
        await activated(till, 1118)
        await settle(till, "min")
        before = house.value_of(1118)
        held = await sold(till, 1118, 5_000, Kind.PREAUTH)
        assert (held.state, len(held.auth_code)) == (State.APPROVED, 6)
        settled = await settle(till, "min")
        assert (settled.agrees, settled.money.debit_count) == (True, 0)
        assert may_be_completed(held)
        paid = await (await complete(till, held, 3_500, "min", "c1")).send()
        assert (paid.kind, paid.state, paid.taken) == (Kind.COMPLETION, State.APPROVED, 3_500)
        assert house.value_of(1118) == before - 3_500
        held = till.entries[held.name]
        assert (held.completed_by, may_be_voided(till, held)) == (paid.name, False)
        with pytest.raises(NotNowError):
            await complete(till, held, 1, "min", "c2")
        back = await (await void(till, paid, "min", "cv")).send()
        assert (back.kind, back.state) == (Kind.COMPLETION_VOID, State.APPROVED)
        held = till.entries[held.name]
        assert may_be_completed(held)
        gone = await (await void(till, held, "min", "hv")).send()
        assert (gone.kind, gone.state) == (Kind.PREAUTH_VOID, State.APPROVED)
        assert not may_be_completed(till.entries[held.name])
        assert house.value_of(1118) == before
        again = await sold(till, 1118, GIFT_FACE_MINOR, Kind.PREAUTH)
        assert again.state is State.APPROVED, "all of it is free again"
        settled = await settle(till, "min")
        assert (settled.agrees, settled.is_over) == (True, True)

    at_seat(house, directory, day)
    assert house.violations() == []


@pytest.mark.parametrize("kind", [Kind.PREAUTH, Kind.COMPLETION, Kind.PREAUTH_VOID])
def test_a_hold_whose_answer_is_lost_is_as_it_was_before(
    house: House, directory: Path, kind: Kind
) -> None:
    """S3-11: it is reversed until the house has said so, and can be asked for again."""
    card = {Kind.PREAUTH: 1119, Kind.COMPLETION: 1120, Kind.PREAUTH_VOID: 1231}[kind]

    async def day(till: Till) -> None:
        await activated(till, card)
        before = house.value_of(card)
        held = await sold(till, card, 5_000, Kind.PREAUTH) if kind is not Kind.PREAUTH else None
        house.relay.trouble = Trouble.NO_ANSWERS
        if held is None:
            lost = await sold(till, card, 5_000, Kind.PREAUTH)
        elif kind is Kind.COMPLETION:
            lost = await (await complete(till, held, 5_000, "min", "c")).send()
        else:
            lost = await (await void(till, held, "min", "v")).send()
        assert lost.state is State.DOUBT
        house.relay.heal()
        assert (await known(till, lost.name)).state is State.UNDONE
        assert house.value_of(card) == before
        if held is None:
            held = await sold(till, card, 5_000, Kind.PREAUTH)
        assert may_be_completed(till.entries[held.name])
        paid = await (await complete(till, held, 5_000, "min", "again")).send()
        assert paid.state is State.APPROVED
        assert house.value_of(card) == before - 5_000
        assert (await settle(till, "min")).agrees

    at_seat(house, directory, day)
    assert house.violations() == []


def test_cash_is_put_onto_a_card_and_confirmed_where_the_answer_is_lost(
    house: House, directory: Path
) -> None:
    """S3-06: the cash is in the drawer: it is loaded once, whatever the line does."""

    async def day(till: Till) -> None:
        await activated(till, LOADED)
        await settle(till, "min")
        before = house.value_of(LOADED)
        done = await sold(till, LOADED, 1_000, Kind.CASH_LOAD)
        assert (done.state, house.value_of(LOADED)) == (State.APPROVED, before + 1_000)
        for trouble in (Trouble.NO_ANSWERS, Trouble.NO_REQUESTS):
            value = house.value_of(LOADED)
            house.relay.trouble = trouble
            lost = await sold(till, LOADED, 2_000, Kind.CASH_LOAD)
            assert lost.state is State.DOUBT
            house.relay.heal()
            late = await known(till, lost.name)
            assert (late.state, late.taken) == (State.APPROVED, 2_000)
            assert house.value_of(LOADED) == value + 2_000
        settled = await settle(till, "min")
        assert (settled.agrees, settled.money.credit_minor) == (True, 5_000)

    at_seat(house, directory, day)
    assert house.violations() == []


def test_an_answer_that_is_lost_is_doubt_then_a_reversal_then_the_truth(
    house: House, directory: Path
) -> None:
    async def day(till: Till) -> None:
        await activated(till, 1104)
        before = house.value_of(1104)
        house.relay.trouble = Trouble.NO_ANSWERS
        lost = await sold(till, 1104, 4_200)
        assert lost.state is State.DOUBT
        with pytest.raises(NotNowError) as error:
            await sold(till, 1104, 4_200)
        assert (error.value.why, error.value.name) == ("doubt", lost.name)
        house.relay.heal()
        await known(till, lost.name)
        undone = till.entries[lost.name]
        assert (undone.state, undone.taken) == (State.UNDONE, 0)
        assert house.value_of(1104) == before
        sale = await sold(till, 1104, 4_200)
        assert sale.state is State.APPROVED
        settled = await settle(till, "min")
        assert (settled.agrees, settled.is_over) == (True, True)

    at_seat(house, directory, day)
    assert house.violations() == []


def test_what_was_on_its_way_when_it_was_killed_is_undone_when_it_begins_again(
    house: House, directory: Path
) -> None:
    names: list[str] = []
    before = GIFT_FACE_MINOR

    async def killed(till: Till) -> None:
        await activated(till, 1105)
        order = Order(
            kind=Kind.PURCHASE, amount_minor=700, presented=_typed(1105), by="min", once_key="k"
        )
        begun = await trade(till, order)
        names.append(begun.entry.name)
        house.relay.trouble = Trouble.NO_ANSWERS
        with trio.move_on_after(0.5):
            await begun.send()

    async def back(till: Till) -> None:
        assert (await known(till, names[0])).state is State.UNDONE

    at_seat(house, directory, killed)
    at_seat(house, directory, back)
    assert house.value_of(1105) == before


def test_an_answer_that_cannot_be_written_down_is_undone(
    house: House, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a disk does not take was not sold: nobody could void it, or give it back."""

    async def day(till: Till) -> None:
        await activated(till, 1115)
        put, full = till._file.put, [True]

        def failing(entries: Iterable[Entry], words: Mapping[str, Any]) -> None:
            entries = list(entries)
            if full and any(one.state is State.APPROVED for one in entries):
                full.clear()
                raise sqlite3.OperationalError("database or disk is full")
            put(entries, words)

        monkeypatch.setattr(till._file, "put", failing)
        sale = await sold(till, 1115, 900)
        assert (await known(till, sale.name)).state is State.UNDONE
        assert house.value_of(1115) == GIFT_FACE_MINOR

    at_seat(house, directory, day)


def test_a_directory_is_one_fronts(house: House, directory: Path) -> None:
    async def day(_till: Till) -> None:
        other = Seats(WebSettings(seats=str(directory), seats_call="127.0.0.1:1"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other.run)
            await trio.testing.wait_all_tasks_blocked()
            assert other.names() == [TERMINAL]
            assert other.found(TERMINAL) is None
            nursery.cancel_scope.cancel()

    at_seat(house, directory, day)


def test_a_batch_that_lost_an_entry_is_uploaded(house: House, directory: Path) -> None:
    async def day(till: Till) -> None:
        await settle(till, "min")
        await activated(till, 1106)
        await sold(till, 1106, 100)
        second = await sold(till, 1106, 200)
        back = await (await refund(till, second, 200, "min", "r2")).send()
        gone = next(one for one in till.day if one.taken == 100)
        del till.entries[gone.name]
        settled = await settle(till, "min")
        assert back.state is State.APPROVED
        assert (settled.agrees, settled.uploaded, settled.is_over) == (False, 3, True)

    at_seat(house, directory, day)


def test_no_card_number_lies_in_the_file_of_a_day(house: House, directory: Path) -> None:
    at_seat(house, directory, _one)
    kept = b"".join(one.read_bytes() for one in directory.iterdir())
    assert kept
    assert CARDS[1107].pan.reveal().encode() not in kept


async def _one(till: Till) -> None:
    await sold(till, 1107, 100)
