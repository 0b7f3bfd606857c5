"""What a scenario expects of the ledger, and the diff it prints when that is not there."""

# ruff: noqa: ARG001 - a clock acts by being asked for

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from config.tasks.junit import Ended, junit_report
from config.tasks.stories_page import stories_page
from simulators.scenario import Step, _unmet, asks_the_ledger, read_scenario
from simulators.wanted import Balance, Leg, balances_unlike, legs_unlike, reason_unlike
from tests.simulators.conftest import FILES

SALE = Leg(debit="card_value", credit="merchant_payable", amount=12_345)
POINTS = Leg(debit="points_issued", credit="card_points", amount=123, unit="P:CITY")
SLOT = "pos/80010001/000012/000001/f"
POINT_OF_THEM = {"sale_and_void", "refunds", "cash_load", "points", "lost_answer", "pos_day"}
"""Scenarios whose point is what is posted."""


class Shelf:
    """A ledger that holds what it is given."""

    def __init__(self, *legs: Leg, **balances: int) -> None:
        self.asked: list[str] = []
        self._legs = list(legs)
        self._balances = balances

    def legs(self, slots: Sequence[str]) -> list[Leg]:
        self.asked += slots
        return self._legs

    def balance(self, card: int, unit: str) -> int | None:
        return self._balances.get(f"{unit}{card}")

    def reason(self, slot: str) -> str | None:
        return {SLOT: "card_lost"}.get(slot)


async def test_legs_that_are_there_say_nothing(autojump_clock: object) -> None:
    ledger = Shelf(SALE, POINTS)
    assert await legs_unlike(ledger, [SLOT], (SALE, POINTS)) == ""
    assert ledger.asked == [SLOT[:-1] + family for family in ("f", "r", "c")]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        ((SALE,), "- debit points_issued, credit card_points: 123 points CITY"),
        (
            (msgspec.structs.replace(SALE, amount=12_346), POINTS),
            "+ debit card_value, credit merchant_payable: 123.46 CNY",
        ),
        (
            (msgspec.structs.replace(SALE, debit="suspense"), POINTS),
            "+ debit suspense, credit merchant_payable: 123.45 CNY",
        ),
        (
            (SALE, POINTS, POINTS),
            "+ debit points_issued, credit card_points: 123 points CITY",
        ),
        ((POINTS, SALE), "+ debit points_issued, credit card_points: 123 points CITY"),
    ],
    ids=["one is missing", "another amount", "another account", "one too many", "another order"],
)
async def test_legs_that_differ_are_a_diff(
    autojump_clock: object, found: tuple[Leg, ...], line: str
) -> None:
    said = await legs_unlike(Shelf(*found), [SLOT], (SALE, POINTS))
    assert said.splitlines()[0] == "the legs are not as written"
    assert line in said.splitlines()


async def test_a_balance_that_differs_or_is_not_there_is_a_diff(autojump_clock: object) -> None:
    ledger = Shelf(CNY202=87_655)
    assert await balances_unlike(ledger, [Balance(card=202, amount=87_655)]) == ""
    said = await balances_unlike(ledger, [Balance(card=202, amount=100_000)])
    assert said.splitlines()[1:] == ["- card 202: 1,000.00 CNY", "+ card 202: 876.55 CNY"]
    said = await balances_unlike(ledger, [Balance(card=202, amount=1, unit="P:CITY")])
    assert said.splitlines()[1:] == ["- card 202: 1 points CITY", "+ None"]


async def test_another_reason_under_the_same_code_is_a_diff(autojump_clock: object) -> None:
    assert await reason_unlike(Shelf(), [SLOT], "card_lost") == ""
    said = await reason_unlike(Shelf(), [SLOT], "card_frozen")
    assert said.splitlines()[1:] == ["- card_frozen", "+ card_lost"]
    assert "+ None" in await reason_unlike(Shelf(), [], "card_lost")


def test_fields_that_differ_are_a_diff() -> None:
    step = Step(do="echo", expect={"39": "00", "54": "1002156C000000087655"})
    [said] = _unmet(step, {"39": "51", "t": "0210"})
    assert said.splitlines()[0] == "the fields are not as written"
    assert set(said.splitlines()[1:]) == {
        "- 39 = 00",
        "- 54 = 1002156C000000087655",
        "+ 39 = 51",
        "+ 54 = nothing",
    }


@pytest.mark.parametrize(
    "wrong", ['legs = [{ debit = "x", amount = 1 }]', "balances = [{ card = 1 }]"]
)
def test_a_leg_without_all_its_parts_is_no_scenario(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "story.toml"
    file.write_text(f"title = 'x'\n[[step]]\ndo = 'echo'\n{wrong}")
    with pytest.raises(msgspec.ValidationError):
        read_scenario(file)


def test_the_scenarios_whose_point_it_is_look_at_the_ledger() -> None:
    assert {file.stem for file in FILES if asks_the_ledger(read_scenario(file))} >= POINT_OF_THEM


def test_the_page_is_one_file_without_script_that_tells_what_differs() -> None:
    story = read_scenario(next(file for file in FILES if file.stem == "sale_and_void"))
    wrong = ["step 1 (purchase): the legs are not as written\n- debit <x>\n+ debit y"]
    page = stories_page([Ended(story, wrong, 0.5), Ended(story, [], 0.25)], with_ledger=True)
    assert "2 played, 1 not as written" in page
    assert "- debit &lt;x&gt;\n+ debit y" in page
    assert "debit card_value, credit merchant_payable: 123.45 CNY" in page
    assert "card 202: 876.55 CNY" in page
    for word in ("<script", "http", "src=", "url("):
        assert word not in page
    assert b"- debit &lt;x&gt;" in junit_report([Ended(story, wrong, 0.5)])
