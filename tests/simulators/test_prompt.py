"""A line typed at a prompt is a step."""

import pytest

from simulators.faults import Fault
from simulators.prompt import LAST, step_of
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
