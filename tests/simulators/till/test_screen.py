"""Text of 80 columns: folded between words, a Chinese character counted twice."""

from rich.cells import cell_len

from simulators.till.magic import magic_text
from simulators.till.screen import WIDTH, columns


def test_the_last_cell_is_folded_under_itself() -> None:
    assert columns((4, ""), (6, "next"), (0, "one two three"), width=18) == [
        "    next  one two",
        "          three",
    ]


def test_a_word_that_is_too_long_is_cut_and_chinese_takes_two_columns() -> None:
    lines = columns((2, ""), (0, "交易成功交易成功 abc"), width=10)
    assert lines == ["  交易成功", "  交易成功", "  abc"]
    assert columns((2, ""), (3, "wide"), (0, "")) == ["  wide"]


def test_the_table_of_magic_amounts_fits_a_screen() -> None:
    assert all(cell_len(line) <= WIDTH for line in magic_text().splitlines())
