"""Counters of rules are what is there to be counted, whatever was undone, in any order.

A model of its own says what of each sale and each hold stands; nothing of ours is asked for that.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from tests.host.conftest import CardPool, Till, asking_of, trading
from tests.host.rule_makers import put_rule
from tests.host.test_gifts import SUM, claiming, returning, send
from tests.host.test_preauths import PIN, about, ending, slip

HUGE = 10**12


@dataclass
class Deal:
    """A sale, or a hold and what was paid out of it."""

    asked: Request
    answer: Response
    amount: int
    """Of a sale, or what is held."""
    is_hold: bool = False
    state: str = "stands"
    paid: int = 0
    refunded: int = 0
    undoing: tuple[Request, Response] | None = None
    """The void of a sale."""
    completion: tuple[Request, Response] | None = None
    grown: list[tuple[Request, int]] = field(default_factory=list)

    @property
    def counted(self) -> tuple[int, int]:
        """Times and amount."""
        whole = self.paid if self.state == "paid" else self.amount
        left = whole - self.refunded
        return (1, left) if self.state in {"stands", "paid"} and left else (0, 0)


class Counter:
    """Trades on one card, and knows what is to be counted of it."""

    def __init__(self, till: Till, card: int) -> None:
        self.till, self.card = till, card
        self.deals: list[Deal] = []

    async def do(self, deed: str, which: int, amount: int) -> None:
        if deed in {"buy", "hold"} or not self.deals:
            await self.begin(deed, amount)
            return
        deal = self.deals[which % len(self.deals)]
        done = HOLD_DEEDS if deal.is_hold else SALE_DEEDS
        if deed in done:
            await done[deed](self, deal, amount)

    async def begin(self, deed: str, amount: int) -> None:
        kind = Kind.PREAUTH if deed == "hold" else Kind.PURCHASE
        asked = self.till.request(kind, self.card, amount, pin=PIN)
        answer = await self.till.ask(asked)
        assert answer.is_approved
        self.deals.append(Deal(asked, answer, amount, is_hold=deed == "hold"))

    async def ask(self, kind: Kind, amount: int, *named: Any) -> tuple[Request, Response]:
        request = self.till.request(kind, self.card, amount, original=self.till.original(*named))
        return request, await self.till.ask(request)

    async def refund(self, deal: Deal, amount: int) -> None:
        named = deal.completion if deal.is_hold else (deal.asked, deal.answer)
        whole = deal.paid if deal.is_hold else deal.amount
        part = min(amount, whole - deal.refunded)
        if named is not None and part and deal.state in {"stands", "paid"}:
            _, answer = await self.ask(Kind.REFUND, part, *named)
            deal.refunded += part * answer.is_approved

    async def void(self, deal: Deal, _amount: int) -> None:
        request, answer = await self.ask(Kind.VOID, deal.amount, deal.asked, deal.answer)
        if answer.is_approved:
            deal.state, deal.undoing = "voided", (request, answer)

    async def reverse(self, deal: Deal, _amount: int) -> None:
        answer = await self.till.ask(self.till.reversal(deal.asked))
        if answer.is_approved and deal.state in {"stands", "voided"}:
            deal.state = "reversed"

    async def stand_again(self, deal: Deal, _amount: int) -> None:
        if deal.undoing is not None and deal.state == "voided":
            answer = await self.till.ask(self.till.reversal(deal.undoing[0]))
            deal.state = "stands" if answer.is_approved else deal.state

    async def grow(self, deal: Deal, amount: int) -> None:
        named = {"original": slip(deal.answer)}
        request = self.till.request(Kind.PREAUTH_INCREMENT, self.card, amount, **named)
        if (await self.till.ask(request)).is_approved:
            deal.amount += amount
            deal.grown.append((request, amount))

    async def shrink(self, deal: Deal, _amount: int) -> None:
        if deal.grown and deal.state == "stands":
            request, amount = deal.grown.pop()
            if (await self.till.ask(self.till.reversal(request))).is_approved:
                deal.amount -= amount

    async def complete(self, deal: Deal, amount: int) -> None:
        part = min(amount, deal.amount)
        request = self.till.request(Kind.COMPLETION, self.card, part, original=slip(deal.answer))
        answer = await self.till.ask(request)
        if answer.is_approved:
            deal.state, deal.paid, deal.refunded = "paid", part, 0
            deal.completion = (request, answer)

    async def uncomplete(self, deal: Deal, _amount: int) -> None:
        if deal.completion is not None and deal.state == "paid" and not deal.refunded:
            _, answer = await self.ask(Kind.COMPLETION_VOID, deal.paid, *deal.completion)
            deal.state = "stands" if answer.is_approved else deal.state

    async def reverse_completion(self, deal: Deal, _amount: int) -> None:
        if deal.completion is not None and deal.state == "paid" and not deal.refunded:
            answer = await self.till.ask(self.till.reversal(deal.completion[0]))
            deal.state = "stands" if answer.is_approved else deal.state

    async def release(self, deal: Deal, amount: int) -> None:
        kind = Kind.HOLD_EXPIRY if amount % 2 else Kind.HOLD_RELEASE
        [(number,)] = self.till.sql(
            "SELECT h.id FROM hold AS h JOIN exchange AS e ON e.id = h.id WHERE e.slot = %s",
            deal.asked.key.text,
        )
        own = ending(self.till, kind, self.card, deal.answer, f"{number}-{amount}")
        answer = await asking_of(self.till).ask(msgspec.structs.replace(own, hold=number))
        if answer.is_approved and deal.state == "stands":
            deal.state = "ended"

    async def void_hold(self, deal: Deal, _amount: int) -> None:
        answer = await about(self.till, Kind.PREAUTH_VOID, self.card, deal.amount, deal.answer)
        if answer.is_approved:
            deal.state = "ended"


SALE_DEEDS: dict[str, Any] = {
    "refund": Counter.refund,
    "undo": Counter.void,
    "reverse": Counter.reverse,
    "again": Counter.stand_again,
}
HOLD_DEEDS: dict[str, Any] = {
    "refund": Counter.refund,
    "undo": Counter.uncomplete,
    "again": Counter.reverse_completion,
    "reverse": Counter.reverse,
    "grow": Counter.grow,
    "shrink": Counter.shrink,
    "pay": Counter.complete,
    "release": Counter.release,
    "void": Counter.void_hold,
}
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "hold", "hold", "pay", "pay", *SALE_DEEDS, *HOLD_DEEDS]),
        st.integers(0, 5),
        st.integers(1, 900),
    ),
    min_size=3,
    max_size=25,
)


@given(runs=st.lists(DEEDS, min_size=1, max_size=4))
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_counters_are_a_recount_of_what_stands_after_any_undoing(
    audited_estate: Any, pool: CardPool, runs: list[list[tuple[str, int, int]]]
) -> None:
    """Voids, reversals, refunds in parts, completions of holds, and undoings of all of these."""

    async def trade() -> None:
        async with trading(audited_estate) as till:
            if not till.sql("SELECT id FROM rule WHERE id = 91"):
                put_rule(audited_estate, "amount_max", amount_minor=HUGE, unit="CNY",
                         period="life", id=91)  # fmt: skip
                put_rule(audited_estate, "count_max", times=900_000, period="day", id=92)
            for deeds in runs:
                counter = Counter(till, pool.city())
                for deed in deeds:
                    await counter.do(*deed)
                    assert_counted(till, counter, deed)

    trio.run(trade)


def assert_counted(till: Till, counter: Counter, deed: tuple[str, int, int]) -> None:
    times = sum(deal.counted[0] for deal in counter.deals)
    amount = sum(deal.counted[1] for deal in counter.deals)
    found = till.sql(
        "SELECT counter, times, amount_minor FROM usage_counter WHERE subject = %s ORDER BY 1",
        str(counter.card),
    )
    assert found == [("rule/91", times, amount), ("rule/92", times, amount)], (
        deed, [(deal.is_hold, deal.state, deal.counted) for deal in counter.deals],
    )  # fmt: skip


@pytest.mark.parametrize("by", ["card", "merchant"])
async def test_a_completion_gives_back_what_was_not_taken(till: Till, by: str) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_000, unit="CNY", period="day", counted_by=by)
    held = await till.ask(till.request(Kind.PREAUTH, 1, 1_000, pin=PIN))
    assert (await till.buy(1, 1)).reason is Reason.AMOUNT_LIMIT
    assert (await about(till, Kind.COMPLETION, 1, 400, held)).is_approved
    assert till.sql("SELECT times, amount_minor FROM usage_counter") == [(1, 400)]
    assert (await till.buy(1, 600)).is_approved
    assert (await till.buy(1, 1)).reason is Reason.AMOUNT_LIMIT


async def test_what_a_hold_grows_by_is_asked_of_the_limits_and_is_no_further_use(
    till: Till,
) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_000, unit="CNY", period="day")
    put_rule(till.dsns, "count_max", times=1, period="day")
    held = await till.ask(till.request(Kind.PREAUTH, 1, 600, pin=PIN))
    more = await about(till, Kind.PREAUTH_INCREMENT, 1, 401, held)
    assert more.reason is Reason.AMOUNT_LIMIT
    assert (await about(till, Kind.PREAUTH_INCREMENT, 1, 400, held)).is_approved
    assert till.sql("SELECT times, amount_minor FROM usage_counter") == [(1, 1_000)] * 2


@pytest.mark.parametrize("by", ["card", "member"])
async def test_a_gift_that_comes_back_is_counted_no_more(
    till: Till, pool: CardPool, by: str
) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=HUGE, unit="CNY", period="day",
             counted_by=by)  # fmt: skip
    gift = await send(till, pool)
    asked = "SELECT times, amount_minor FROM usage_counter"
    assert till.sql(asked) == [(1, SUM)]
    assert (await asking_of(till).ask(returning(till, gift))).is_approved
    assert till.sql(asked) == [(0, 0)]


async def test_a_gift_that_is_claimed_stays_counted(till: Till, pool: CardPool) -> None:
    put_rule(till.dsns, "count_max", times=9, period="day")
    gift = await send(till, pool)
    assert (await asking_of(till).ask(claiming(till, gift))).is_approved
    assert till.sql("SELECT times FROM usage_counter") == [(1,)]
