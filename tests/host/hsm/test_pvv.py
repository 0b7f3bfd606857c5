import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from host.hsm.pvv import PinVerifier
from host.model.secrets import Pan, Secret

CARD = Pan("9988000000000015")
VERIFIER = PinVerifier(Secret.from_hex("0123456789ABCDEFFEDCBA9876543210"))

pin_digits = st.text("0123456789", min_size=4, max_size=12)


def value(digits: str) -> str:
    return VERIFIER.value(CARD, Secret(digits.encode()))


@given(pin_digits)
def test_the_right_pin_matches_and_its_value_is_digits(digits: str) -> None:
    stored = value(digits)
    assert stored.isdigit()
    assert len(stored) == 4 * -(-len(digits) // 4)
    assert VERIFIER.matches(CARD, Secret(digits.encode()), stored)


@pytest.mark.parametrize("length", range(4, 13))
def test_every_digit_counts(length: int) -> None:
    right = "123456789012"[:length]
    for place in range(length):
        wrong = [right[:place] + digit + right[place + 1 :] for digit in "0123456789"]
        assert len({value(candidate) for candidate in wrong}) > 5


def test_a_six_digit_pin_is_two_windows_each_its_own_pvv() -> None:
    first = value("1234")
    assert value("123456")[:4] == first
    assert value("123499")[:4] == first
    assert value("123456")[4:] != value("123499")[4:]


@given(digit=st.sampled_from("0123456789"), lengths=st.sets(st.integers(4, 12), min_size=2))
def test_a_pin_of_one_repeated_digit_does_not_pass_with_more_or_fewer(
    digit: str, lengths: set[int]
) -> None:
    values = [value(digit * length) for length in lengths]
    assert len(set(values)) == len(values)


@given(right=pin_digits, tried=pin_digits)
def test_another_pin_of_another_value_does_not_match(right: str, tried: str) -> None:
    assume(value(right) != value(tried))
    assert not VERIFIER.matches(CARD, Secret(tried.encode()), value(right))


def test_the_same_pin_has_another_value_on_another_card() -> None:
    other = Pan("9988000000000023")
    assert VERIFIER.value(other, Secret(b"123456")) != value("123456")


@pytest.mark.parametrize("pin", [b"", b"123", b"1234567890123", b"12 4", b"-123", b"\xb2" * 4])
def test_what_is_no_pin_has_no_value(pin: bytes) -> None:
    with pytest.raises(ValueError, match="4 to 12"):
        VERIFIER.value(CARD, Secret(pin))


@pytest.mark.parametrize(("pin", "stored"), [("0392", "6734"), ("3923", "8301"), ("8887", "8044")])
def test_letters_less_ten_fill_in_where_decimal_digits_are_short(pin: str, stored: str) -> None:
    """Such as 3923: abeeacce8b3dabef has the digits 8 and 3 only, then a as 0 and b as 1."""
    assert value(pin) == stored


def test_a_pvk_is_two_key_tdes() -> None:
    with pytest.raises(ValueError, match="PVK is 16 bytes"):
        PinVerifier(Secret(bytes(8)))
