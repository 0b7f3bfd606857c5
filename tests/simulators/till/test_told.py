"""What of an answer stands on a receipt, in whose units."""

import pytest

from host.model.requests import Kind
from simulators.till.told import Lines, told_of


@pytest.mark.parametrize(
    ("kind", "fields", "lines"),
    [
        (Kind.PURCHASE, {"54": "1002156C000000087655"}, (("balance", "876.55 CNY"),)),
        (Kind.PURCHASE, {"54": "1002156D000000000100"}, (("balance", "-1.00 CNY"),)),
        (
            Kind.PURCHASE,
            {"54": "1002156C0000000000011002156C000000000002"},
            (("balance", "0.01 CNY"), ("balance", "0.02 CNY")),
        ),
        (Kind.PURCHASE, {"54": "1002156C"}, ()),
        (Kind.PURCHASE, {"54": "1002156Cabcdefghijkl"}, ()),
        (
            Kind.POINTS_EARN,
            {"62": b"00000000200000001500".hex()},
            (("earned", "20 points"), ("points", "1,500 points")),
        ),
        (Kind.POINTS_EARN, {"62": "zz"}, ()),
        (Kind.POINTS_EARN, {"62": b"no digits".hex()}, ()),
        (Kind.PURCHASE, {"62": b"00000000200000001500".hex()}, ()),
        (None, {}, ()),
    ],
)
def test_a_pos_answers_amounts_are_told_in_their_units(
    kind: Kind | None, fields: dict[str, str], lines: Lines
) -> None:
    assert told_of(kind, {"t": "0210", **fields}).lines == lines


def test_an_answer_in_words_tells_its_amounts_and_no_empty_ones() -> None:
    told = told_of(
        Kind.PURCHASE,
        {"balance": "0", "points": "1500", "points_used": "0", "37": "1", "auth": "A", "39": "00"},
    )
    assert told.lines == (("balance", "0.00 CNY"), ("points", "1,500 points"))
    assert (told.reference, told.auth_code, told.moment) == ("1", "A", "")
