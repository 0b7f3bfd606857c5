"""A line typed at a prompt is a step."""

import pytest

from simulators.faults import Fault
from simulators.prompt import LAST, shown, step_of
from simulators.scenario import Step, StepError


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("purchase 201 5000", Step(do="purchase", card=201, amount=5000, save=LAST)),
        (
            "purchase -1 100 cut",
            Step(do="purchase", card=-1, amount=100, save=LAST, fault=Fault.CUT),
        ),
        ("balance 201", Step(do="balance", card=201, save=LAST)),
        ("void", Step(do="void", of=LAST, save=LAST)),
        ("refund 2500", Step(do="refund", amount=2500, of=LAST, save=LAST)),
        ("settle", Step(do="settle", save=LAST)),
    ],
)
def test_a_line_is_a_step(line: str, step: Step) -> None:
    assert step_of(line) == step


@pytest.mark.parametrize("line", ["", "dance", "purchase a lot"])
def test_a_line_that_is_none_says_what_would_be(line: str) -> None:
    with pytest.raises(StepError, match="Next"):
        step_of(line)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"39": "00", "4": "000000012345", "49": "156"}, "amount 123.45 CNY"),
        ({"39": "00", "4": "000000000500", "25": "65"}, "amount 500 points"),
        ({"39": "00", "54": "1002156C000000087655"}, "balance 876.55 CNY"),
        ({"39": "00", "54": "1002156D000000000100"}, "balance -1.00 CNY"),
        ({"39": "00", "balance": "87655", "points": "1500"}, "balance 876.55 CNY, points balance"),
    ],
)
def test_amounts_of_an_answer_are_told_in_their_units(fields: dict[str, str], told: str) -> None:
    assert f"({told}" in shown(fields)


def test_an_answer_without_amounts_is_its_fields() -> None:
    assert shown({"39": "00", "2": "9988000000000015"}) == "39=00"
    assert shown({"39": "00", "amount": "500", "points_used": "0"}).endswith("points_used=0")
