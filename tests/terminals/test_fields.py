"""Subfields stand where the layouts say, and a number never leaves its place."""

import pytest

from terminals.fields import (
    BALANCE,
    CONTROL,
    ORGANISATION_AND_TEXTS,
    TOTALS,
    TOTALS_DIGITS,
    UPLOAD_RECORD,
    PartTooLongError,
    digits_of,
    layout,
    numbers_in,
    parts_of,
    size_of,
)
from terminals.texts import fitted, organisation_and_text


def test_parts_stand_side_by_side() -> None:
    assert layout(first=2, second=3) == {"first": slice(0, 2), "second": slice(2, 5)}
    assert size_of(CONTROL) == 17
    assert size_of(BALANCE) == 20
    assert size_of(UPLOAD_RECORD) == 40
    assert size_of(ORGANISATION_AND_TEXTS) == 63
    assert TOTALS_DIGITS == 62


def test_a_field_that_ends_early_has_no_later_parts() -> None:
    assert parts_of(CONTROL, "22000012000") == {
        "type_code": "22",
        "batch": "000012",
        "function": "000",
    }


def test_numbers_are_written_as_they_are_read() -> None:
    numbers = {"debit_minor": 12345, "debit_count": 1, "credit_minor": 0, "credit_count": 999}
    assert numbers_in(TOTALS, digits_of(TOTALS, numbers)) == numbers
    with pytest.raises(PartTooLongError, match="credit_count"):
        digits_of(TOTALS, numbers | {"credit_count": 1000})


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [
        ("余额不足", 10, "余额不足  "),
        ("余额不足", 7, "余额不 "),
        ("A余额", 2, "A "),
        ("", 3, "   "),
        ("𠀀", 3, "   "),
    ],
)
def test_a_text_is_cut_between_characters_and_filled(text, size, expected) -> None:
    assert fitted(text, size) == expected
    assert len(expected.encode("gb18030")) == size


def test_the_text_of_an_answer_is_the_third() -> None:
    whole = organisation_and_text("CUP", "交易成功").encode("gb18030")
    assert len(whole) == 63
    assert whole[43:51].decode("gbk") == "交易成功"
