"""A clerk's phone in a real browser: two taps redeem, one takes it back; wrong codes are told."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from config.run.staff import Colleague
from host.estate.demo import voucher_code
from tests.switch.seat.conftest import House
from tests.switch.seat.test_seat_pages import looked_at, opened, pytestmark, shot
from tests.switch.web.browsing import PHONE, press, ready, write

__all__ = ["pytestmark"]


@pytest.fixture(scope="module")
def clerk(house: House) -> Colleague:
    return house.person("store_clerk", "xiaoli", "store", "1")


@pytest.fixture
def page(chromium: Chromium, house: House, clerk: Colleague) -> Iterator[Page]:
    with opened(chromium, house, clerk, PHONE, locale="zh-CN") as page:
        page.goto(f"{house.web}/clerk")
        yield page


def scan(page: Page, number: int) -> None:
    """A scanner types, and presses Enter."""
    page.wait_for_selector("#code:focus")
    write(page, voucher_code(number).reveal())
    press(page, "Enter")


def test_a_voucher_is_redeemed_by_two_taps_and_taken_back_by_one(page: Page, house: House) -> None:
    """S2-13, S2-14: what it is stands there before; the own list has it; undone the same day."""
    looked_at(page, "clerk-phone-zh-light", PHONE)
    scan(page, 1301)
    page.wait_for_selector("h1:has-text('Paper vouchers')")
    assert "¥50.00" in ready(page).inner_text("form.clerk")
    assert voucher_code(1301).reveal() not in ready(page).content()
    looked_at(page, "clerk-found-phone-zh-light", PHONE)
    page.click("button:has-text('核销')")
    page.wait_for_selector(".came.good")
    looked_at(page, "clerk-done-phone-zh-light", PHONE)
    page.click("text=下一张")
    scan(page, 1301)
    page.wait_for_selector(".came.bad")
    shot(page, "clerk-used-phone-zh-light")
    assert "券已核销" in ready(page).inner_text(".came.bad")
    page.click("a:has-text('今日我的')")
    page.wait_for_selector(".own li")
    looked_at(page, "clerk-today-phone-zh-light", PHONE)
    page.click("button:has-text('撤销')")
    page.wait_for_selector("h1:has-text('已撤销')")
    page.goto(f"{house.web}/clerk")
    scan(page, 1301)
    page.wait_for_selector("h1:has-text('Paper vouchers')")
    assert house.violations() == []


def test_wrong_codes_are_told_and_after_five_it_pauses(page: Page) -> None:
    """S2-14: what is no code is one text; the sixth is told to wait, and so is a right one."""
    for _try in range(5):
        page.fill("#code", voucher_code(1302).reveal()[:-1])
        press(page, "Enter")
        page.wait_for_selector(".came.bad code:has-text('E-VOUCHER-CODE')")
    scan(page, 1302)
    page.wait_for_selector(".came.bad code:has-text('E-TRIES')")
    assert "15" in ready(page).inner_text(".came.bad")


def test_who_redeems_nothing_has_no_such_page(chromium: Chromium, house: House) -> None:
    owner = house.person("merchant_owner", "lin", "merchant", "888290054110001")
    with opened(chromium, house, owner) as page:
        answer = page.goto(f"{house.web}/clerk")
        assert answer is not None
        assert answer.status == 404
