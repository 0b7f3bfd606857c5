"""Vouchers for the staff in a browser: what HR does there, in as few clicks as it may take."""

import pytest
from playwright.sync_api import Browser as Chromium

from tests.host.office.conftest import Bureau
from tests.host.office.test_staff_issues import PRICE, Works
from tests.switch.web.browsing import PHONE, WIDE, let_in, looked_at, needs_chromium, opened, ready

pytestmark = needs_chromium
LOOKS = ((PHONE, "zh-CN", "light"), (WIDE, "zh-CN", "light"), (WIDE, "en-GB", "dark"))


@pytest.fixture(scope="module")
def works(shared_bureau: Bureau) -> Works:
    return Works(shared_bureau)


def test_a_department_is_given_vouchers_in_five_clicks(
    chromium: Chromium, address: str, works: Works
) -> None:
    """S2-21, S2-46: told what it costs before it is done; the report is the first page."""
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, works.hr)
        page.goto(f"{address}/")
        page.wait_for_url(f"{address}/hr")
        page.check("[name=departments][value=Sales]")  # 1
        page.fill("[name=name]", "Dragon boat")
        page.click("button[value=rehearse]")  # 2
        told = ready(page).inner_text(".rehearsed")
        assert "90.00" in told, told
        page.click("button[value=do]")  # 3
        page.fill("[name=totp_code]", works.bureau.code(works.hr))
        page.click("button[value=do]")  # 4
        page.wait_for_selector("h1:has-text('Done')")
        page.click("a.button:has-text('Back')")  # 5
        page.wait_for_url(f"{address}/hr")
        works.bureau.do_jobs()
        page.goto(f"{address}/hr")
        assert "0/2 · 0%" in ready(page).inner_text("#report")
        assert f"{2 * PRICE / 100:.2f}" in ready(page).inner_text("#report")
        page.click("#report h2 a")  # a month's report: two clicks from anywhere
        page.wait_for_url("**/show/staff_report?month=*")
        assert "Sales" in ready(page).inner_text("main")


def test_its_page_looks_well(chromium: Chromium, address: str, works: Works) -> None:
    """S2-21: on a phone and on a wide screen, by day and by night."""
    for size, language, scheme in LOOKS:
        with opened(chromium, size, language, scheme) as page:
            let_in(page, address, works.hr)
            page.goto(f"{address}/hr")
            looked_at(page, f"hr-{size['width']}-{language[:2]}-{scheme}", is_whole=True)


def test_all_who_have_not_redeemed_are_reminded_in_two_clicks(
    chromium: Chromium, address: str, works: Works
) -> None:
    """S2-20, S2-21."""
    works.bureau.sign_in(works.hr)
    works.issue(departments=["Office"])
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, works.hr)
        page.goto(f"{address}/hr")
        page.click("a.button:has-text('Remind all')")  # 1
        page.click("button[value=do]")  # 2
        page.wait_for_selector("h1:has-text('Done')")
    works.bureau.sent.clear()
    works.bureau.do_jobs()
    assert "https://pay.example/voucher/" in works.bureau.sent[-1].words
