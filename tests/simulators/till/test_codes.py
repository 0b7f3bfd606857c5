"""Every code that may be told has its words at the till."""

import pytest

from host.model.responses import POSTED, RESPONSE_CODES
from simulators.till.codes import AT_THE_TILL, advice_of_code, words_of_code
from terminals.describe.meanings import OTHER_CODES


@pytest.mark.parametrize("f39", sorted({row.f39 for row in RESPONSE_CODES.values()}))
def test_every_code_of_ours_has_words_in_both_languages_and_advice(f39: str) -> None:
    rows = [row for row in RESPONSE_CODES.values() if row.f39 == f39]
    said = words_of_code(f39)
    assert all(row.english in said and row.chinese in said for row in rows)
    assert advice_of_code(f39) or f39 == "00"


def test_codes_of_others_have_words_and_unknown_ones_say_so() -> None:
    ours = {row.f39 for row in RESPONSE_CODES.values()}
    others = {code: english for code, (_, english) in OTHER_CODES.items() if code not in ours}
    assert all(english in words_of_code(code) for code, english in others.items())
    assert words_of_code("ZZ") == "a code that nobody here gives"
    assert advice_of_code("ZZ") == "ask whoever gave it"


def test_the_tills_advice_is_about_codes_that_are_given() -> None:
    assert AT_THE_TILL.keys() <= {row.f39 for row in RESPONSE_CODES.values()}
    assert not AT_THE_TILL[RESPONSE_CODES[POSTED[0]].f39]
