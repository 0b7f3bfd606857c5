"""A past day, held against other rules: it tells what would have been, and leaves all as it is."""

import datetime as dt
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from host.model.requests import Kind, Request, Response
from host.model.responses import Reason
from host.rules.replaying import Sum
from host.store.book import read_estate
from host.store.connecting import SHORT, connect
from host.store.replaying import DayUnknownError, NotesOnDisk, Tried, replay
from tests.host.conftest import CardPool, Till, asking_of, trading
from tests.host.rule_makers import put_rule, switch_on
from tests.host.test_gifts import SUM, returning, send

DAY = dt.date(2026, 11, 22)
CITY = 1


def tried(till: Till, day: dt.date = DAY, **more: Any) -> Tried:
    with connect(till.dsns.audit, SHORT, autocommit=True) as connection:
        return replay(connection, read_estate(connection), day, **more)


Done = list[tuple[Kind, int, bool]]
"""What was asked, of how much, and whether it was approved."""


async def trade(till: Till, card: int, deeds: list[tuple[str, int]]) -> Done:
    """What was asked in turn: an undoing is of the newest sale that nobody has undone."""
    sales: list[tuple[Request, Response]] = []
    holds: list[tuple[Request, Response]] = []
    done = []
    for deed, asked_for in deeds:
        amount = asked_for
        if deed == "hold" or (deed in {"pay", "free"} and not holds):
            kind = Kind.PREAUTH
            asked = till.request(kind, card, amount, pin="123456")
            answer = await till.ask(asked)
            holds.append((asked, answer))
        elif deed in {"pay", "free"}:
            kept, first = holds.pop()
            assert kept.amount is not None
            kind = Kind.COMPLETION if deed == "pay" else Kind.PREAUTH_VOID
            whole = kept.amount.amount_minor
            amount = min(amount, whole) if deed == "pay" else whole
            named = till.original(kept, first)
            answer = await till.ask(till.request(kind, card, amount, original=named))
        elif deed in {"buy", "load"} or not sales:
            kind = Kind.CASH_LOAD if deed == "load" else Kind.PURCHASE
            pin = None if deed == "load" else "123456"
            asked = till.request(kind, card, amount, pin=pin)
            answer = await till.ask(asked)
            if kind is Kind.PURCHASE:
                sales.append((asked, answer))
        else:
            sale, first = sales.pop()
            assert sale.amount is not None
            amount = sale.amount.amount_minor
            kind = {"void": Kind.VOID, "refund": Kind.REFUND, "reverse": Kind.REVERSAL}[deed]
            undoing = (
                till.reversal(sale)
                if kind is Kind.REVERSAL
                else till.request(kind, card, amount, original=till.original(sale, first))
            )
            answer = await till.ask(undoing)
            amount *= first.is_approved
        done.append((kind, amount, answer.is_approved))
    return done


def sums(done: Done) -> dict[Kind, tuple[int, int]]:
    found: dict[Kind, tuple[int, int]] = {}
    for kind, amount, is_approved in done:
        times, minor = found.get(kind, (0, 0))
        found[kind] = (times + is_approved, minor + amount * is_approved)
    return found


def told(tried: Tried) -> dict[Kind, tuple[int, int]]:
    return {kind: (one.times, one.minor) for (kind, _), one in tried.result.sums.items()}


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "buy", "load", "void", "refund", "reverse", "hold", "pay", "free"]),
        st.integers(1, 900),
    ),
    min_size=1,
    max_size=14,
)
LIMITS = st.sampled_from(
    [
        ("count_max", {"times": 2, "period": "day"}),
        ("amount_max", {"amount_minor": 900, "unit": "CNY", "period": "day"}),
        ("amount_max", {"amount_minor": 900, "unit": "CNY", "period": "day",
                        "counted_by": "merchant"}),
        ("amount_max", {"amount_minor": 500, "unit": "CNY"}),
        ("amount_min", {"amount_minor": 200, "unit": "CNY"}),
        ("balance_max", {"amount_minor": 100_000, "unit": "CNY"}),
        ("deny", {"stores": [1]}),
    ]
)  # fmt: skip


@given(deeds=DEEDS, limit=LIMITS)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_day_is_replayed_under_a_rule_as_it_is_traded_under_it(
    estate_database: Any,
    pool: CardPool,
    deeds: list[tuple[str, int]],
    limit: tuple[str, dict[str, Any]],
) -> None:
    """S2-02: traded under no rule and replayed under one; then traded under it, and the same."""
    says, columns = limit

    async def compare() -> None:
        async with trading(estate_database) as till:
            till.sql("UPDATE rule SET state = 'retired' WHERE pack IS NULL")
            await till.poster.reload()
            till.turn_the_date()
            [(day,)] = till.sql("SELECT business_date FROM business_day WHERE state = 'open'")
            await trade(till, pool.city(), deeds)
            put_rule(estate_database, says, **columns)
            foretold = told(tried(till, day))
            till.turn_the_date()
            really = sums(await trade(till, pool.city(), deeds))
            assert foretold == {kind: really[kind] for kind in foretold}

    trio.run(compare)


async def test_a_day_under_its_own_rules_changes_nothing(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=2, period="month")
    put_rule(till.dsns, "amount_max", amount_minor=900, unit="CNY", period="day",
             counted_by="store")  # fmt: skip
    switch_on(till.dsns, "CN-PREPAID", CITY)
    await trade(till, 1, [("buy", 500), ("buy", 300), ("load", 1), ("refund", 0), ("buy", 900)])
    result = tried(till).result
    assert (result.changed, result.largest) == (0, [])
    assert result.asked == 5


async def test_what_a_gift_that_came_back_had_counted_is_given_back_in_a_replay_too(
    till: Till, pool: CardPool
) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=SUM, unit="CNY", period="day")
    gift = await send(till, pool)
    assert not (await till.buy(gift.giver, SUM)).is_approved
    assert (await asking_of(till).ask(returning(till, gift))).is_approved
    assert (await till.buy(gift.giver, SUM)).is_approved
    result = tried(till).result
    assert (result.asked, result.changed) == (4, 0)


async def test_it_says_which_rule_refuses_what_and_which_answers_are_the_largest(
    till: Till,
) -> None:
    await trade(till, 1, [("buy", 100), ("buy", 300), ("buy", 200)])
    number = put_rule(till.dsns, "amount_max", amount_minor=150, unit="CNY")
    result = tried(till).result
    assert (result.asked, result.changed) == (3, 2)
    assert result.by_rule == {number: Sum(times=2, minor=500)}
    assert [(one.amount, one.would_be) for one in sorted(result.largest, reverse=True)] == [
        (300, Reason.AMOUNT_LIMIT),
        (200, Reason.AMOUNT_LIMIT),
    ]


async def test_what_a_rule_had_refused_passes_without_it(till: Till) -> None:
    number = put_rule(till.dsns, "deny", stores=[1])
    assert not (await till.buy(1, 700)).is_approved
    till.sql("UPDATE rule SET state = 'retired' WHERE id = %s", number)
    result = tried(till).result
    assert result.by_rule == {number: Sum(was_times=1, was_minor=700)}
    assert result.sums[Kind.PURCHASE, "CNY"] == Sum(0, 0, 1, 700)


async def test_a_draft_is_asked_where_it_is_proposed_alone(till: Till) -> None:
    number = put_rule(till.dsns, "amount_max", amount_minor=500, unit="CNY")
    await trade(till, 1, [("buy", 300)])
    put_rule(till.dsns, "amount_max", amount_minor=200, unit="CNY", id=number, version=2,
             state="draft", activated_by=None, activated_at=None)  # fmt: skip
    changed = [
        tried(till, proposed=proposed).result.changed for proposed in ((), {number}, {99}, None)
    ]
    assert changed == [0, 1, 0, 1]


async def test_what_a_month_had_before_that_day_is_known_where_its_rule_counted(
    till: Till,
) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_000, unit="CNY", period="month", id=7)
    await trade(till, 1, [("buy", 600)])
    till.turn_the_date()
    await trade(till, 1, [("buy", 100)])
    put_rule(till.dsns, "amount_max", amount_minor=650, unit="CNY", period="month", id=7,
             version=2, state="draft", activated_by=None, activated_at=None)  # fmt: skip
    assert tried(till, DAY + dt.timedelta(days=1), proposed=None).result.changed == 1


async def test_what_it_cannot_know_is_counted(till: Till) -> None:
    await trade(till, 1, [("buy", 99_999_999), ("buy", 100)])
    put_rule(till.dsns, "deny", goods=["A1"])
    result = tried(till).result
    assert (result.asked, result.changed) == (1, 0)
    assert (result.not_known, result.goods_not_known) == (1, 1)


async def test_nothing_is_posted_or_counted_by_a_replay(till: Till) -> None:
    put_rule(till.dsns, "count_max", times=1, period="day")
    await trade(till, 1, [("buy", 100), ("buy", 100)])
    asked = "SELECT (SELECT count(*) FROM exchange), (SELECT sum(times) FROM usage_counter)"
    before = till.sql(asked)
    tried(till)
    assert till.sql(asked) == before


async def test_a_day_that_never_was_is_refused(till: Till) -> None:
    with pytest.raises(DayUnknownError, match="no business date 2025-01-01"):
        tried(till, dt.date(2025, 1, 1))


def test_notes_are_on_disk_and_found_again() -> None:
    with NotesOnDisk() as notes:
        for number in range(20_000):
            notes.put("message", str(number), b"x" * 64)
        notes.put("message", "7", b"again")
        assert (notes.get("message", "7"), notes.get("card", "7")) == (b"again", None)
        assert notes.get("message", "19999") == b"x" * 64
