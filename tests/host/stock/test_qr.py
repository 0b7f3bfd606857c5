"""QR codes: opaque, of one voucher and its code; those to pick up by live minutes, and once."""

import datetime as dt
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.stock.qr import (
    PICKUP_LIFETIME,
    PICKUP_LIFETIME_MAX,
    modules_of,
    pickup_token,
    png_of,
    printed_token,
    read_pickup,
    read_printed,
    svg_of,
    token_in,
    url_of,
)
from tests.host.stock.conftest import HSM

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
HASH, OTHER = bytes(range(32)), bytes(32)
CARD = (7 << 32) + 3


def test_a_printed_code_names_its_voucher_to_nobody_but_us_and_dies_with_the_vouchers_code():
    """S3-23."""
    token = printed_token(HSM, CARD, HASH)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")
    assert token != printed_token(HSM, CARD, HASH)
    printed = read_printed(HSM, token)
    assert printed is not None
    assert printed.card == CARD
    assert printed.is_of(HASH)
    assert not printed.is_of(OTHER), "another code was given for it"
    assert url_of("https://shop.example/", token) == f"https://shop.example/v/{token}"


def test_a_pick_up_code_names_its_voucher_and_has_one_hash_however_often_it_is_shown():
    """S2-25."""
    token = pickup_token(HSM, CARD, HASH, NOW)
    named, again = read_pickup(HSM, token), read_pickup(HSM, token)
    assert named is not None
    assert (named.card, named.expires_at) == (CARD, NOW + PICKUP_LIFETIME)
    assert named == again
    assert (named.is_of(HASH), named.is_of(OTHER)) == (True, False)
    other = read_pickup(HSM, pickup_token(HSM, CARD, HASH, NOW))
    assert other is not None
    assert other.used_hash != named.used_hash


@pytest.mark.parametrize("before", ["", "https://shop.example/v/", "  "])
def test_a_token_is_found_in_what_was_scanned(before):
    token = pickup_token(HSM, CARD, HASH, NOW)
    assert token_in(f"{before}{token}") == token
    assert token_in("ABCD-EFGH-JKLM-NPQR-STUV-WX") is None


@pytest.mark.parametrize(
    ("later", "is_good"),
    [
        (dt.timedelta(), True),
        (PICKUP_LIFETIME - dt.timedelta(microseconds=1), True),
        (PICKUP_LIFETIME, False),
        (dt.timedelta(days=1), False),
        (-dt.timedelta(seconds=1), False),
    ],
)
def test_a_pick_up_code_lives_for_minutes(later, is_good):
    """S2-25."""
    named = read_pickup(HSM, pickup_token(HSM, CARD, HASH, NOW))
    assert named is not None
    assert named.is_good(NOW + later) == is_good


def test_no_pick_up_code_lives_longer_than_may_be():
    token = pickup_token(HSM, CARD, HASH, NOW, lifetime=dt.timedelta(days=9))
    named = read_pickup(HSM, token)
    assert named is not None
    assert not named.is_good(NOW + PICKUP_LIFETIME_MAX)
    assert not named._replace(expires_at=NOW + 2 * PICKUP_LIFETIME_MAX).is_good(NOW)


def test_a_code_of_one_kind_is_none_of_the_other():
    assert read_printed(HSM, pickup_token(HSM, CARD, HASH, NOW)) is None
    assert read_pickup(HSM, printed_token(HSM, CARD, HASH)) is None


@given(st.text(max_size=250))
def test_what_somebody_made_up_is_none_of_ours(text):
    assert read_printed(HSM, text) is None
    assert read_pickup(HSM, text) is None


def test_a_token_that_was_changed_in_any_place_is_none_of_ours():
    chance = random.Random(1)
    for made, read in (
        (printed_token(HSM, CARD, HASH), lambda text: read_printed(HSM, text)),
        (
            pickup_token(HSM, CARD, HASH, NOW),
            lambda text: read_pickup(HSM, text),
        ),
    ):
        for place in range(len(made)):
            letter = chance.choice([one for one in string.ascii_letters if one != made[place]])
            assert read(made[:place] + letter + made[place + 1 :]) is None
        for edited in (made[:-1], made + "A", made + "=", f" {made}", made.swapcase()):
            assert read(edited) is None


def test_pictures_are_drawn_for_pages_and_for_print():
    url = url_of("https://shop.example", printed_token(HSM, CARD, HASH))
    assert svg_of(url).startswith("<svg ")
    assert png_of(url).startswith(b"\x89PNG")
    modules = modules_of(url)
    assert len({len(row) for row in modules} | {len(modules)}) == 1
    finder = [row[:7] for row in modules[:7]]
    assert finder[0] == (1,) * 7
    assert finder[1] == (1, 0, 0, 0, 0, 0, 1)
