"""Rows are found by their codes, the most particular first."""

import pytest

from host.model.requests import Kind
from host.model.responses import Reason
from terminals.spelling import Spelling, find_spelling, reversals_of, table_of

SALE = Spelling(
    mti="0200", processing_code="000000", condition="00", type_code="22", means=Kind.PURCHASE
)
ANY = Spelling(mti="0800", type_code="00", means=Reason.FUNCTION_NOT_SUPPORTED)
SIGN_ON = Spelling(mti="0800", type_code="00", function="003", means=Kind.SIGN_ON)
TABLE = table_of([SALE, ANY, SIGN_ON])


def test_the_particular_row_goes_before_the_general_one() -> None:
    assert find_spelling(TABLE, {"t": "0800", "60": "00000012003"}) is SIGN_ON
    assert find_spelling(TABLE, {"t": "0800", "60": "00000012999"}) is ANY


@pytest.mark.parametrize(
    "fields",
    [
        {"t": "0200", "3": "000000", "25": "00"},
        {"t": "0200", "3": "000000", "25": "00", "60": ""},
        {"t": "0200", "3": "000000", "60": "22000012"},
        {"t": "0200", "60": "00000012"},
        {"t": "0220", "3": "000000", "25": "00", "60": "22000012"},
    ],
)
def test_a_message_without_all_its_codes_is_no_row(fields: dict[str, str]) -> None:
    assert find_spelling(TABLE, fields) is None


def test_a_reversal_is_spelled_as_what_it_undoes() -> None:
    [row] = reversals_of([SALE], "0400")
    found = find_spelling(
        table_of([row]), {"t": "0400", "3": "000000", "25": "00", "60": "22000012000500"}
    )
    assert found is row
    assert (row.means, row.original) == (Kind.REVERSAL, Kind.PURCHASE)
