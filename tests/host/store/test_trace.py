"""The whole life of one transaction, as an operator, a merchant and an auditor ask for it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from host.cases import CaseKind, NewCase
from host.model.numbers import number_of, rrn_of
from host.model.requests import Kind, OrderReference
from host.model.responses import Reason
from host.store.cases import open_case
from host.store.trace import NotTracedError, possible_numbers, trace
from host.store.trace_told import Trace
from tests.host.conftest import MERCHANT_OF, NOW, CardPool, Till

Life = Callable[[str], Trace]


@pytest.fixture
def life(shared: Till) -> Life:
    """Asks as the auditor does, who can write nothing."""

    def look(word: str) -> Trace:
        with psycopg.connect(shared.dsns.audit, autocommit=True) as connection:
            return trace(connection, word)

    return look


def named(request: Any) -> str:
    key = request.key
    return f"{key.stan}@{key.terminal_id}/{key.epoch}"


async def test_a_sale_is_traced_from_its_message_to_its_seal(
    shared: Till, pool: CardPool, life: Life
) -> None:
    """S1-40, S1-41, S1-43: what was asked, decided and posted, on one page."""
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 12_345)
    found = life(answer.rrn)
    assert (found.rrn, found.kind, found.reason, found.f39) == (
        answer.rrn, "purchase", "approved", "00",
    )  # fmt: skip
    assert str(found.name) == named(sale)
    assert str(found.amount) == "123.45 CNY"
    assert found.whose is not None
    assert (found.whose.card, found.whose.masked) == (card, sale.pan.masked if sale.pan else "")
    assert found.place is not None
    assert found.place.merchant_id == MERCHANT_OF[sale.key.terminal_id]
    assert found.answer == answer
    money, points = found.legs
    assert (str(money.amount), money.debit, money.credit) == (
        "123.45 CNY", "card_value", "merchant_payable",
    )  # fmt: skip
    assert (money.debit_of, money.credit_of) == (found.whose.masked, found.place.merchant_id)
    assert (points.debit, points.credit) == ("points_issued", "card_points")
    [lot] = found.lots
    assert (lot.is_new, lot.points, lot.remaining) == (True, 123, 123)
    assert found.seal is not None
    assert found.seal.sealed_at == NOW
    assert (found.day.state, found.day.cleared_at, found.batch) == ("open", None, None)
    assert (found.facts, found.cases, found.also, found.same_trace) == ((), (), (), ())


async def test_a_transaction_is_found_by_what_its_terminal_calls_it(
    shared: Till, pool: CardPool, life: Life
) -> None:
    sale, answer = await shared.sell(Kind.PURCHASE, pool.city(), 100)
    for word in (
        named(sale),
        f"{sale.key.stan}@{sale.key.terminal_id}",
        f"{int(sale.key.stan)}@{sale.key.terminal_id}",
    ):
        assert life(word).rrn == answer.rrn


async def test_of_a_trace_that_came_in_several_batches_the_newest_is_shown_and_the_others_named(
    shared: Till, pool: CardPool, life: Life
) -> None:
    first, _ = await shared.sell(Kind.PURCHASE, pool.city(), 100, stan="900001")
    await move_on(shared, first.key.terminal_id, "000013")
    second, answer = await shared.sell(
        Kind.PURCHASE, pool.city(), 200, stan="900001", epoch="000013"
    )
    found = life(f"900001@{first.key.terminal_id}")
    assert (found.rrn, found.also) == (answer.rrn, (named(first),))
    assert str(life(named(first)).amount) == "1.00 CNY"
    assert second.key.epoch == "000013"
    await move_on(shared, first.key.terminal_id, first.key.epoch)


async def move_on(till: Till, terminal_id: str, epoch: str) -> None:
    """As a settlement does, of a terminal that trades on."""
    till.sql("UPDATE terminal SET epoch = %s WHERE terminal_id = %s", epoch, terminal_id)
    till.poster._book.terminals[terminal_id].epoch = epoch


async def test_a_decline_is_traced_with_its_reason_and_nothing_posted(
    shared: Till, pool: CardPool, life: Life
) -> None:
    sale = shared.request(Kind.PURCHASE, pool.city(), 9_999_999, pin="123456")
    answer = await shared.ask(sale)
    found = life(answer.rrn)
    assert found.reason == answer.reason != Reason.APPROVED
    assert (found.amount, found.legs, found.lots) == (None, (), ())
    assert life(named(sale)).rrn == answer.rrn


@pytest.mark.parametrize("kind", [Kind.VOID, Kind.REFUND])
async def test_what_undid_a_sale_stands_beside_it_and_the_other_way_round(
    shared: Till, pool: CardPool, life: Life, kind: Kind
) -> None:
    """S1-42, S4-59, S4-60: a sale that was undone says by what."""
    card = pool.city()
    sale, answer = await shared.sell(Kind.PURCHASE, card, 1_000)
    undo, told = await shared.sell(
        kind, card, 1_000, original=shared.original(sale, answer), pin=None
    )
    [fact] = life(answer.rrn).facts
    assert (fact.rrn, fact.kind, str(fact.amount), fact.stands) == (
        told.rrn, kind.value, "10.00 CNY", True,
    )  # fmt: skip
    original = life(told.rrn).original
    assert original is not None
    assert (original.rrn, original.name) == (answer.rrn, named(sale))
    await shared.ask(shared.reversal(undo))
    if kind is Kind.VOID:
        [fact] = life(answer.rrn).facts
        assert not fact.stands


async def test_a_reversal_is_found_under_the_trace_of_its_original(
    shared: Till, pool: CardPool, life: Life
) -> None:
    sale, answer = await shared.sell(Kind.PURCHASE, pool.city(), 1_000)
    undone = await shared.ask(shared.reversal(sale))
    found = life(named(sale))
    assert (found.rrn, found.kind) == (answer.rrn, "purchase")
    assert [one.rrn for one in found.same_trace] == [undone.rrn]
    assert life(undone.rrn).kind == "reversal"


async def test_a_reversal_that_overtook_its_original_holds_its_place(
    shared: Till, pool: CardPool, life: Life
) -> None:
    sale = shared.request(Kind.PURCHASE, pool.city(), 1_000, pin="123456")
    await shared.ask(shared.reversal(sale))
    assert life(named(sale)).is_tombstone


async def test_points_that_were_spent_say_of_which_lot(
    shared: Till, pool: CardPool, life: Life
) -> None:
    card = pool.with_points()
    _, answer = await shared.sell(Kind.POINTS_REDEMPTION, card, 1_500)
    [lot] = life(answer.rrn).lots
    assert (lot.points, lot.is_new, lot.remaining) == (-1_500, False, 500)


async def test_cases_about_it_are_told(shared: Till, pool: CardPool, life: Life) -> None:
    sale, answer = await shared.sell(Kind.PURCHASE, pool.city(), 1_000)
    key = sale.key
    case = NewCase(
        kind=CaseKind.AMOUNT_DIFFERS,
        terminal_id=key.terminal_id,
        epoch=key.epoch,
        stan=key.stan,
        detail="purchase of 10.00 CNY, uploaded as 1.00 CNY",
    )
    with psycopg.connect(shared.dsns.host, autocommit=True) as connection:
        open_case(connection, case, NOW)
    [found] = life(answer.rrn).cases
    assert (found.kind, found.detail) == (case.kind, case.detail)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("999912345678", "no exchange of ours has RRN 999912345678"),
        ("112299999999", "no exchange of ours has RRN"),
        ("000001@99999999", "there is no terminal '99999999'"),
        ("000001@80010001", "terminal 80010001 sent no trace 000001 in its last"),
        ("000001@80010001/000777", "sent no trace 000001 in batch 000777"),
        ("hello", "'hello' is no RRN"),
        ("", "'' is no RRN"),
        ("' OR 1=1 --", "is no RRN"),
    ],
)
async def test_what_is_not_known_is_a_sentence_with_what_to_do_next(
    life: Life, word: str, why: str
) -> None:
    with pytest.raises(NotTracedError) as raised:
        life(word)
    assert why in str(raised.value)
    assert "Next: " in str(raised.value)


def test_an_rrn_has_no_year_so_it_may_be_of_each_of_the_last() -> None:
    number = number_of(dt.date(2024, 11, 22), 77)
    numbers = possible_numbers(rrn_of(number), dt.date(2026, 11, 22))
    assert numbers[0] == number_of(dt.date(2026, 11, 22), 77)
    assert number in numbers
    assert possible_numbers("022900000077", dt.date(2026, 11, 22)) == [
        number_of(dt.date(2024, 2, 29), 77),
        number_of(dt.date(2020, 2, 29), 77),
    ]


async def test_what_no_terminal_made_names_who_did(
    shared: Till, pool: CardPool, life: Life
) -> None:
    card = pool.city()
    [(slot,)] = shared.sql("SELECT slot FROM journal WHERE card_id = %s", card)
    [(number,)] = shared.sql("SELECT id FROM journal WHERE slot = %s", slot)
    found = life(rrn_of(number))
    assert (found.kind, found.origin, found.made_by) == ("opening", "office", "estate")
    assert (found.place, found.batch) == (None, None)


async def test_the_order_that_a_sale_was_for_is_kept_and_traced(
    shared: Till, pool: CardPool, life: Life
) -> None:
    """S1-44: with its part; what was for none has none, and a repeat keeps nothing twice."""
    order = OrderReference("T20261126-71", "2")
    sale, answer = await shared.sell(Kind.PURCHASE, pool.city(), 100, order=order)
    assert life(answer.rrn).order == order
    assert await shared.ask(sale) == answer
    _, plain = await shared.sell(Kind.PURCHASE, pool.city(), 100)
    assert life(plain.rrn).order is None
    with psycopg.connect(shared.dsns.owner) as connection:
        kept = connection.execute("SELECT order_number, sub_order FROM order_reference").fetchall()
    assert kept == [("T20261126-71", "2")]


async def test_a_hold_is_traced_from_each_of_its_messages_as_it_stands(
    shared: Till, pool: CardPool, life: Life
) -> None:
    card = pool.city()
    asked, held = await shared.sell(Kind.PREAUTH, card, 5_000, pin="123456")
    sale = await shared.buy(card, 100)
    slip = shared.original(asked, held)
    _, more = await shared.sell(Kind.PREAUTH_INCREMENT, card, 1_000, original=slip)
    found = life(more.rrn).hold
    assert found is not None
    assert (found.rrn, str(found.amount), str(found.held), found.ended_by) == (
        held.rrn, "60.00 CNY", "60.00 CNY", "",
    )  # fmt: skip
    assert [(one.rrn, one.fact, str(one.amount)) for one in found.steps] == [
        (held.rrn, "opened", "50.00 CNY"), (more.rrn, "increased", "10.00 CNY"),
    ]  # fmt: skip
    assert found == life(held.rrn).hold
    assert life(sale.rrn).hold is None
    done = await shared.ask(shared.request(Kind.PREAUTH_VOID, card, 6_000, original=slip))
    assert done.is_approved
    ended = life(held.rrn).hold
    assert ended is not None
    assert (str(ended.held), ended.ended_by, ended.steps[-1].rrn) == (
        "0.00 CNY", "preauth_void", done.rrn,
    )  # fmt: skip
    assert (ended.opened_at, ended.expires_at > found.opened_at) == (found.opened_at, True)
