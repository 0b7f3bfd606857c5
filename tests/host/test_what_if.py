"""What a till would be told: decided by the code that decides, and nothing is left of it."""

from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from config.cli.rules import Tries
from host.book import Terminal
from host.hsm.vault import Vault
from host.model.money import Money
from host.model.requests import Kind
from host.model.responses import Reason
from host.rules.decision import Court
from host.store.book import read_estate, read_terminals
from host.store.connecting import SHORT, connect
from host.store.following import Following
from host.store.trial import NOT_DECIDED, PASSED, TRIED, Question, Tried, try_out
from tests.host.conftest import FIRST, LMK, NOW, PINLESS_CARD, Till
from tests.host.rule_makers import put_rule, switch_on

CITY = 1
TABLES = (
    "exchange", "journal", "entry", "seal", "purse", "usage_counter", "rule_told", "exception_case",
)  # fmt: skip


def tried(till: Till, kind: Kind, card: int, amount: int, **more: Any) -> Tried:
    """By the login that can write nothing."""
    hsm = Vault(LMK)
    with connect(till.dsns.audit, SHORT, autocommit=True) as connection:
        book = read_estate(connection)
        terminal = next(read_terminals(connection, [more.pop("terminal_id", FIRST)], book, hsm))
        assert isinstance(terminal, Terminal)
        unit = "P:" if kind is Kind.POINTS_REDEMPTION else "CNY"
        question = Question(
            kind=kind,
            card=card,
            terminal=terminal,
            channel="pos",
            amount=Money(amount, unit),
            **more,
        )
        court = Court(book, hsm.pin_verifier(), "48882900")
        now = NOW.astimezone(ZoneInfo("Asia/Shanghai"))
        return try_out(connection, court, Following(book, hsm), question, now)


def rows(till: Till) -> dict[str, Any]:
    with psycopg.connect(till.dsns.audit) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3").fetchall()
            for name in TABLES
        }


RULES: list[tuple[str, dict[str, Any], Kind, int]] = [
    ("amount_max", {"amount_minor": 999, "unit": "CNY"}, Kind.PURCHASE, 1_000),
    ("amount_min", {"amount_minor": 1_001, "unit": "CNY"}, Kind.PURCHASE, 1_000),
    ("count_max", {"times": 1, "period": "day"}, Kind.PURCHASE, 1_000),
    ("count_max", {"times": 1, "period": "month", "counted_by": "store"}, Kind.PURCHASE, 1_000),
    (
        "amount_max",
        {"amount_minor": 1_500, "unit": "CNY", "period": "life", "counted_by": "merchant"},
        Kind.PURCHASE,
        501,
    ),
    ("balance_max", {"amount_minor": 100_000, "unit": "CNY"}, Kind.CASH_LOAD, 1_001),
    ("deny", {"stores": [1]}, Kind.PREAUTH, 1_000),
    ("only", {"goods": ["A1"]}, Kind.PURCHASE, 1_000),
    ("deny", {"goods": ["A1"]}, Kind.PURCHASE, 1_000),
    ("deny", {"kinds": ["points_earn"]}, Kind.POINTS_EARN, 1_000),
]


@pytest.mark.parametrize(("says", "columns", "kind", "amount"), RULES)
async def test_what_would_be_told_is_what_is_told_then(
    till: Till, says: str, columns: dict[str, Any], kind: Kind, amount: int
) -> None:
    """Approved or not, and by which rule; nothing is different for having been tried."""
    number = put_rule(till.dsns, says, **columns)
    await till.buy(1, 1_000)
    before = rows(till)
    foretold = tried(till, kind, 1, amount)
    assert rows(till) == before
    pin = "123456" if kind in {Kind.PURCHASE, Kind.PREAUTH} else None
    answer = await till.ask(till.request(kind, 1, amount, pin=pin))
    assert foretold.response.reason is answer.reason
    denied = [rule.rule for rule in foretold.rules if rule.outcome == "denied"]
    assert denied == ([] if answer.is_approved else [number])


async def test_it_names_the_deciding_rule_and_its_numbers(till: Till) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_000, unit="CNY", period="day")
    await till.buy(1, 600)
    short = tried(till, Kind.PURCHASE, 1, 401)
    assert short.response.reason is Reason.AMOUNT_LIMIT
    [rule] = short.rules
    figures = (rule.had_minor, rule.asked_minor, rule.amount_minor, rule.had_times)
    assert (figures, rule.outcome) == ((600, 401, 1_000, 1), "denied")
    fits = tried(till, Kind.PURCHASE, 1, 400)
    assert fits.response.is_approved
    assert fits.rules[0].outcome == PASSED


async def test_what_another_check_refuses_no_rule_has_decided(till: Till) -> None:
    put_rule(till.dsns, "amount_max", amount_minor=1_000_000, unit="CNY")
    poor = tried(till, Kind.PURCHASE, 1, 100_001)
    assert poor.response.reason is Reason.INSUFFICIENT_FUNDS
    assert [rule.outcome for rule in poor.rules] == [NOT_DECIDED]


async def test_no_pin_is_asked_for_but_a_card_that_was_tried_too_often_is_told(till: Till) -> None:
    assert tried(till, Kind.PURCHASE, 1, 100).response.is_approved
    assert tried(till, Kind.PURCHASE, PINLESS_CARD, 100).response.is_approved
    till.sql("UPDATE card SET pin_failures = 3 WHERE id = 1")
    assert tried(till, Kind.PURCHASE, 1, 100).response.reason is Reason.PIN_TRIES_EXCEEDED


async def test_a_rule_is_seen_that_was_put_into_force_a_moment_ago(till: Till) -> None:
    assert tried(till, Kind.CASH_LOAD, 2, 1).response.is_approved
    switch_on(till.dsns, "CN-PREPAID", CITY)
    full = tried(till, Kind.CASH_LOAD, 2, 1)
    assert full.response.reason is Reason.AMOUNT_LIMIT
    assert (full.rules[0].had_minor, full.rules[0].amount_minor) == (100_000, 100_000)


async def test_who_tries_waits_for_nobody_who_counts(till: Till) -> None:
    """A counter that many writers share is held by one of them, and is looked at all the same."""
    put_rule(till.dsns, "count_max", times=5, period="day", counted_by="store")
    await till.buy(1, 100)
    with psycopg.connect(till.dsns.owner) as held:
        held.execute("SELECT * FROM usage_counter FOR UPDATE")
        assert tried(till, Kind.PURCHASE, 1, 100).rules[0].had_times == 1


def test_the_command_offers_the_kinds_that_can_be_tried() -> None:
    assert [str(one) for one in Tries] == [str(kind) for kind in TRIED]
