"""What is typed, as values: nothing is guessed, and what is no value stays as it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.model.catalogue import ActionTold, FieldTold
from terminals.web.forms import typed_again, values_of


def _action(**how: object) -> ActionTold:
    field = FieldTold(name="x", en="x", zh="x", **how)  # type: ignore[arg-type]
    return ActionTold(id="a.b", en="", zh="", about="", fields=[field])


@pytest.mark.parametrize(
    ("how", "typed", "value"),
    [
        ({"input": "money"}, ["1234.50"], 123_450),
        ({"input": "money"}, ["1,234.5"], 123_450),
        ({"input": "money"}, ["-0.01"], -1),
        ({"input": "money"}, ["0.005"], "0.005"),
        ({"input": "money"}, ["NaN"], "NaN"),
        ({"input": "money"}, ["1e400000"], "1e400000"),
        ({"input": "money"}, ["Infinity"], "Infinity"),
        ({"input": "number"}, ["12"], 12),
        ({"input": "number"}, ["12.5"], "12.5"),
        ({"input": "number"}, ["１２"], 12),
        ({"input": "number"}, ["1_0"], "1_0"),
        ({"input": "money"}, ["１２．５"], 1_250),
        ({"input": "money"}, ["1,50"], "1,50"),
        ({"input": "money"}, ["1234,567"], "1234,567"),
        ({"input": "money"}, ["1,,234"], "1,,234"),
        ({"input": "money"}, ["1,234,567.89"], 123_456_789),
        ({"input": "flag"}, ["true"], True),
        ({"input": "flag"}, [], False),
        ({"input": "either"}, ["false"], False),
        ({"input": "either"}, ["maybe"], "maybe"),
        ({"input": "text"}, ["  a  "], "a"),
        ({"input": "secret"}, [" a "], " a "),
        ({"input": "text", "is_many": True}, ["a\r\nb\n\n c "], ["a", "b", "c"]),
        ({"input": "choice", "is_many": True}, ["a", "b"], ["a", "b"]),
        ({"input": "number", "is_many": True}, ["1\n2"], [1, 2]),
    ],
)
def test_what_is_typed_is_this_value(
    how: dict[str, object], typed: list[str], value: object
) -> None:
    assert values_of(_action(**how), {"x": typed}) == {"x": value}


@pytest.mark.parametrize("kind", ["text", "money", "number", "either", "day", "secret"])
def test_what_is_left_empty_is_not_said(kind: str) -> None:
    assert values_of(_action(input=kind), {"x": ["  "]}) == {}
    assert values_of(_action(input=kind), {}) == {}


def test_what_is_never_shown_does_not_come_back() -> None:
    assert typed_again(_action(input="secret"), {"x": ["s"]}) == {}
    assert typed_again(_action(), {"x": ["s"], "other": ["y"]}) == {"x": ["s"]}


@given(st.integers(-(10**14), 10**14))
def test_money_is_exact(minor: int) -> None:
    whole, part = divmod(abs(minor), 100)
    typed = f"{'-' if minor < 0 else ''}{whole}.{part:02d}"
    assert values_of(_action(input="money"), {"x": [typed]}) == {"x": minor}


@given(st.text(max_size=40), st.sampled_from(["money", "number", "either", "day"]))
def test_nothing_that_is_typed_breaks_a_form(typed: str, kind: str) -> None:
    values_of(_action(input=kind), {"x": [typed]})
