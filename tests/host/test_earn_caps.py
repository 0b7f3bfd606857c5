"""What a card earns by a rule in a day and in a month, against a small reckoning of its own."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clearing.verify import audit
from config.run.database import Dsns
from config.tasks.rules import explained
from host.model.requests import Kind, Request, Response
from host.store.changes import note_what_differs
from host.store.estate_versions import Followed, note_estate_change
from host.store.trace import trace
from tests.host.conftest import (
    FIRST,
    MERCHANT_OF,
    TERMINALS,
    CardPool,
    Till,
    audit_ledger,
    trading,
)

CITY = 1
DAY_MAX, MONTH_MAX = 50, 120


def put_earn_rule(dsns: Dsns, **columns: Any) -> None:
    """One of the city's programme, from the next message on."""
    with psycopg.connect(dsns.owner) as owner:
        told = {
            "programme": "CITY", "code": "TWICE", "since": dt.date(2026, 11, 1), "name": "Twice",
            "times": 2, **columns,
        }  # fmt: skip
        names, places = ", ".join(told), ", ".join(["%s"] * len(told))
        owner.execute(
            f"INSERT INTO earn_rule ({names}) VALUES ({places})"
            " ON CONFLICT ON CONSTRAINT earn_rule_once DO NOTHING",
            list(told.values()),
        )
        note_estate_change(owner, Followed.ISSUER, CITY)
        note_what_differs(owner, ["earn_rule"])


@dataclass
class Sale:
    """What was sold, what it gave, and what of that has gone back."""

    asked: Request
    answer: Response
    amount: int
    on: dt.date
    points: int
    refunded: int = 0
    state: str = "stands"
    void: Request | None = None

    @property
    def counts(self) -> int:
        """Of its own day and month."""
        back = self.points * self.refunded // self.amount
        return self.points - back if self.state in {"stands", "stands again"} else 0


@dataclass
class Counter:
    """Somebody who buys on one card and takes back, and counts on their fingers."""

    till: Till
    card: int
    sales: list[Sale] = field(default_factory=list)

    @property
    def today(self) -> dt.date:
        [(day,)] = self.till.sql("SELECT business_date FROM business_day WHERE state = 'open'")
        return day

    async def do(self, deed: str, which: int, amount: int) -> None:
        if deed == "turn":
            self.till.turn_the_date()
        elif deed == "buy":
            await self.buy(amount)
        elif self.sales:
            await getattr(self, deed)(self.sales[which % len(self.sales)], amount)

    async def buy(self, amount: int) -> None:
        today, month = self.today, self.today.replace(day=1)
        of_day = sum(sale.counts for sale in self.sales if sale.on == today)
        of_month = sum(sale.counts for sale in self.sales if sale.on >= month)
        room = min(DAY_MAX - of_day, MONTH_MAX - of_month)
        asked, answer = await self.till.sell(Kind.PURCHASE, self.card, amount)
        points = max(min(amount * 2 // 100, room), 0)
        assert answer.points_earned == points, (of_day, of_month)
        self.sales.append(Sale(asked, answer, amount, today, points))

    async def refund(self, sale: Sale, amount: int) -> None:
        part = min(amount, sale.amount - sale.refunded)
        if sale.state == "stands" and part > 0:
            original = self.till.original(sale.asked, sale.answer)
            await self.till.sell(Kind.REFUND, self.card, part, original=original)
            sale.refunded += part

    async def cancel(self, sale: Sale, _amount: int) -> None:
        if sale.state in {"stands", "stands again"} and not sale.refunded:
            named = self.till.original(sale.asked, sale.answer)
            sale.void, _ = await self.till.sell(Kind.VOID, self.card, sale.amount, original=named)
            sale.state = "voided"

    async def again(self, sale: Sale, _amount: int) -> None:
        if sale.state == "voided" and sale.void is not None:
            assert (await self.till.ask(self.till.reversal(sale.void))).is_approved
            sale.state = "stands again"

    async def reverse(self, sale: Sale, _amount: int) -> None:
        if sale.state == "stands" and not sale.refunded:
            assert (await self.till.ask(self.till.reversal(sale.asked))).is_approved
            sale.state = "reversed"


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["buy", "buy", "buy", "refund", "refund", "cancel", "again", "reverse", "turn"]
        ),
        st.integers(0, 5),
        st.integers(1, 3_000),
    ),
    min_size=3,
    max_size=25,
)


@given(runs=st.lists(DEEDS, min_size=1, max_size=4))
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_card_earns_by_a_rule_no_more_than_its_day_and_month_allow_whatever_is_undone(
    module_estate: Dsns, pool: CardPool, runs: list[list[tuple[str, int, int]]]
) -> None:
    """S4-56: and what is undone may be earned again on its own day, and in its own month."""

    async def trade() -> None:
        put_earn_rule(module_estate, points_max_day=DAY_MAX, points_max_month=MONTH_MAX)
        async with trading(module_estate) as till:
            for deeds in runs:
                counter = Counter(till, pool.city())
                for deed in deeds:
                    await counter.do(*deed)
                assert till.balances(counter.card)[1] == sum(one.counts for one in counter.sales)

    trio.run(trade)
    audit_ledger(module_estate)


async def test_of_parallel_sales_of_one_card_no_more_is_earned_than_the_cap(till: Till) -> None:
    """FAULTS 11 with a cap: 48 sales of one card at once, 2 points each, 7 a day."""
    put_earn_rule(till.dsns, points_max_day=7)
    here = [name for name, plan in TERMINALS.items() if plan.working is not None]
    places = [name for name in here if MERCHANT_OF[name] == MERCHANT_OF[FIRST]]
    sales = [
        till.request(Kind.PURCHASE, 2, 100, pin="123456", terminal_id=places[turn % len(places)])
        for turn in range(48)
    ]
    answers = await till.ask_all(sales)
    assert all(answer.is_approved for answer in answers)
    assert sorted(answer.points_earned for answer in answers)[-4:] == [1, 2, 2, 2]
    assert till.balances(2)[1] == 7


async def test_a_sale_beyond_the_cap_is_explained_by_what_the_card_had(
    till: Till, pool: CardPool
) -> None:
    """S4-56, S2-02."""
    put_earn_rule(till.dsns, points_max_day=30, points_max_month=1_000)
    card = pool.city()
    await till.sell(Kind.PURCHASE, card, 1_000)
    sale, answer = await till.sell(Kind.PURCHASE, card, 1_000)
    refund = till.request(Kind.REFUND, card, 500, original=till.original(sale, answer))
    back = await till.ask(refund)
    with psycopg.connect(till.dsns.audit, autocommit=True) as connection:
        told = [[text for _, text in explained(trace(connection, one))]
                for one in (answer.rrn, back.rrn)]  # fmt: skip
    assert told[0][:4] == [
        "10 points CITY by rule TWICE of 2026-11-01: Twice",
        "what all earn, 2/1 times, and 0 more",
        "rule TWICE gives a card 30 points in 2026-11-22 at most: it had 20, so it gave 10 of 20",
        "rule TWICE gives a card 1,000 points in 2026-11 at most: it had 20, so it gave 10 of 20",
    ]
    assert told[1][:2] == [
        "rule TWICE may give the card 5 points more in 2026-11-22",
        "rule TWICE may give the card 5 points more in 2026-11",
    ]


async def test_points_alone_are_refused_once_nothing_may_be_earned(
    till: Till, pool: CardPool
) -> None:
    put_earn_rule(till.dsns, points_max_month=20)
    card = pool.city()
    sale, answer = await till.sell(Kind.POINTS_EARN, card, 1_500)
    assert answer.points_earned == 20
    assert not (await till.ask(till.request(Kind.POINTS_EARN, card, 1_500))).is_approved
    void = till.request(Kind.VOID, card, 1_500, original=till.original(sale, answer))
    assert (await till.ask(void)).is_approved
    assert (await till.sell(Kind.POINTS_EARN, card, 500))[1].points_earned == 10


@pytest.mark.parametrize(
    ("wrong", "back"),
    [
        ("earn_counted SET points = 15", "earn_counted SET points = 20"),
        (
            "earn_counted SET period_from = period_from - 1",
            "earn_counted SET period_from = period_from + 1",
        ),
        ("usage_counter SET amount_minor = 19", "usage_counter SET amount_minor = 20"),
        ("usage_counter SET subject = '3'", "usage_counter SET subject = '{card}'"),
    ],
)
async def test_counters_of_caps_are_held_against_what_sales_counted(
    till: Till, pool: CardPool, wrong: str, back: str
) -> None:
    put_earn_rule(till.dsns, points_max_day=30)
    card = pool.city()
    await till.sell(Kind.PURCHASE, card, 1_000)
    till.sql(f"UPDATE {wrong}")
    with psycopg.connect(till.dsns.owner, autocommit=True) as connection:
        assert [str(one) for one in audit(connection)]
    till.sql(f"UPDATE {back.format(card=card)}")
