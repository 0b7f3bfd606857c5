"""Voucher codes: what a person gets wrong is read all the same, or found."""

import copy
import json
import pickle
from collections import Counter
from itertools import combinations, product
from string import ascii_lowercase, ascii_uppercase, digits

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.model.voucher_codes import (
    ALPHABET,
    LETTERS,
    LOOKS_LIKE,
    RANDOM_LETTERS,
    VoucherCode,
    check_letter,
    grouped,
    read_code,
)
from host.stock.voucher_codes import new_voucher_codes

PRIME = 23
POWERS = [pow(5, LETTERS - place, PRIME) for place in range(LETTERS)]
"""The weights of the check as the standard writes them: no line of ours reckons them."""
SIGNS = st.sampled_from(ALPHABET)
CODES = st.text(ALPHABET, min_size=RANDOM_LETTERS, max_size=RANDOM_LETTERS).map(
    lambda payload: payload + check_letter(payload)
)


def test_a_code_is_one_whose_weighted_values_add_up_to_a_multiple_of_the_prime():
    for code in new_voucher_codes(200):
        values = [ALPHABET.index(sign) for sign in code.reveal()]
        total = sum(weight * value for weight, value in zip(POWERS, values, strict=True))
        assert total % PRIME == 0


def test_every_single_wrong_sign_of_a_code_is_found_wherever_it_stands():
    """S3-23: exhaustively, by the weights: a difference that is no multiple of the prime shows."""
    for place, (right, wrong) in product(range(LETTERS), product(range(PRIME), repeat=2)):
        assert right == wrong or POWERS[place] * (right - wrong) % PRIME


def test_every_two_signs_in_each_others_place_are_found_but_those_22_apart():
    for (one, other), (first, second) in product(
        combinations(range(LETTERS), 2), combinations(range(PRIME), 2)
    ):
        difference = (POWERS[one] - POWERS[other]) * (first - second)
        assert (difference % PRIME != 0) == (other - one != PRIME - 1)


def test_every_pair_of_neighbours_taken_for_another_pair_is_found():
    for place, (right, wrong) in product(range(LETTERS - 1), combinations(range(PRIME), 2)):
        assert (POWERS[place] + POWERS[place + 1]) * (right - wrong) % PRIME


@given(CODES)
def test_each_sign_that_can_be_typed_in_a_place_is_read_as_the_code_or_as_none(signs):
    for place in range(LETTERS):
        for typed in ascii_lowercase + ascii_uppercase + digits:
            meant = LOOKS_LIKE.get(typed.upper(), typed.upper())
            read = read_code(signs[:place] + typed + signs[place + 1 :])
            assert (read is not None) == (meant == signs[place])


@given(CODES)
def test_neighbours_in_the_wrong_order_are_found_wherever_they_stand(signs):
    for place in range(LETTERS - 1):
        swapped = signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :]
        assert (read_code(swapped) is None) == (swapped != signs)


@given(CODES, st.integers(0, LETTERS), SIGNS)
def test_a_sign_too_few_or_too_many_is_no_code(signs, place, extra):
    assert read_code(signs[:place] + extra + signs[place:]) is None
    assert read_code(signs[: place - 1] + signs[place:]) is None or place == 0


@given(CODES, st.data())
def test_a_code_is_read_however_it_is_typed(signs, data):
    """S3-23: any case, what a sign looks like, full width, spaces and hyphens of every kind."""
    looks = {sign: sign + "".join(o for o, s in LOOKS_LIKE.items() if s == sign) for sign in signs}
    typed = ""
    for sign in signs:
        like = data.draw(st.sampled_from(looks[sign]))
        wide = chr(ord(like) + 0xFEE0)
        typed += data.draw(st.sampled_from([like, like.lower(), wide]))
        typed += data.draw(st.sampled_from(["", " ", "-", "–", "—", "－", "\u3000", "\t", "_"]))
    assert read_code(typed) == VoucherCode(signs)


def test_every_letter_and_digit_means_one_sign_and_no_two_signs_look_alike():
    assert set(LOOKS_LIKE) | set(ALPHABET) == set(ascii_uppercase + digits)
    assert not set(LOOKS_LIKE) & set(ALPHABET)
    assert set(LOOKS_LIKE.values()) <= set(ALPHABET)
    assert not set("AEIOU") & set(ALPHABET)


@given(st.text())
def test_what_was_typed_never_breaks_the_reading(text):
    read = read_code(text)
    assert read is None or len(read.reveal()) == LETTERS


def test_new_codes_are_as_random_as_their_signs_allow():
    codes = new_voucher_codes(5_000)
    assert len(set(codes)) == len(codes)
    drawn = Counter(sign for code in codes for sign in code.reveal()[:RANDOM_LETTERS])
    expected = 5_000 * RANDOM_LETTERS / PRIME
    assert set(drawn) == set(ALPHABET)
    assert all(abs(count - expected) < 0.1 * expected for count in drawn.values())


def test_a_code_is_shown_in_groups_of_four_and_masked_by_its_last_four():
    [code] = new_voucher_codes(1)
    shown = grouped(code.reveal())
    assert [len(group) for group in shown.split("-")] == [4] * 6
    assert read_code(shown) == code
    assert code.masked == f"****-{code.reveal()[-4:]}"


def test_a_code_never_leaves_its_type_by_accident():
    [code] = new_voucher_codes(1)
    signs = code.reveal()
    for shown in (repr(code), str(code), f"{code}", f"{code!r:>40}"):
        assert signs[:-4] not in shown
    for encode in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError):
            encode(code)
    with pytest.raises(ValueError, match="24 signs") as refused:
        VoucherCode(signs[:-1] + ALPHABET[ALPHABET.index(signs[-1]) - 1])
    assert signs[:-1] not in str(refused.value)
