"""Pages in a real browser: keys, a phone and a wide screen, light and dark, what they ask for.

How they look is looked at in `build/screens`, where `--pictures` leaves them.
"""

import re

import pytest
from playwright.sync_api import Browser as Chromium

from tests.host.office.conftest import Bureau
from tests.switch.web.browsing import (
    PHONE,
    WIDE,
    let_in,
    looked_at,
    needs_chromium,
    new_window,
    opened,
    press,
    ready,
    window,
    write,
)

FIRST_PAGE_BYTES_MAX = 100_000
OWN_SCRIPT_BYTES_MAX = 40_000

pytestmark = needs_chromium


def test_who_signs_in_by_keys_alone_finds_a_row_and_opens_it(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    with opened(chromium, WIDE, "en-GB") as page:
        page.goto(address)
        write(page, "root")
        press(page, "Tab")
        write(page, shared_bureau.admin.password)
        press(page, "Tab")
        write(page, shared_bureau.code(shared_bureau.admin))
        press(page, "Enter")
        page.wait_for_url(f"{address}/")
        press(page, "/")
        page.wait_for_selector("#find:focus")
        write(page, "root")
        press(page, "Enter")
        page.wait_for_url(f"{address}/show/people?login=root")
        page.goto(f"{address}/show/merchants")
        press(page, "j")
        press(page, "j")
        press(page, "k")
        page.wait_for_selector("tbody tr:first-child:focus")
        press(page, "Enter")
        page.wait_for_url(re.compile(r"/show/(stores|terminals)\?"))


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_read_on_a_phone_and_a_wide_screen_by_day_and_night(
    chromium: Chromium,
    address: str,
    shared_bureau: Bureau,
    size: dict[str, int],
    language: str,
    scheme: str,
) -> None:
    """S4-20: nothing runs out of the window, and all that is written has contrast enough."""
    paths = {
        "home": "/",
        "merchants": "/show/merchants",
        "people": "/show/people",
        "form": "/do/person.save",
        "api": "/api",
        "api-row": "/api/do/merchant.save",
        "door": "/sign-in",
    }
    with opened(chromium, size, language, scheme) as page:
        let_in(page, address, shared_bureau.admin)
        for name, path in paths.items():
            page.goto(address + path)
            kind = "phone" if size is PHONE else "wide"
            looked_at(page, f"{name}-{kind}-{language[:2]}-{scheme}")


def test_nothing_is_asked_of_another_house_and_the_first_page_is_small(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    with new_window(chromium, WIDE, locale="zh-CN") as page:
        asked: dict[str, int] = {}
        page.on("response", lambda answer: asked.update({answer.url: len(answer.body())}))
        wrong: list[str] = []
        page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        page.goto(f"{address}/sign-in", wait_until="networkidle")
        let_in(page, address, shared_bureau.admin)
        page.goto(address, wait_until="networkidle")
        assert all(url.startswith(address) for url in asked), asked
        assert sum(asked.values()) <= FIRST_PAGE_BYTES_MAX, asked
        assert asked[f"{address}/static/script.js"] <= OWN_SCRIPT_BYTES_MAX
        assert wrong == []


def test_without_a_script_all_of_it_works(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    with window(chromium, WIDE, java_script_enabled=False, locale="en-GB") as page:
        let_in(page, address, shared_bureau.admin)
        page.goto(f"{address}/show/merchants")
        page.click("td.doing a >> nth=1")
        page.check("[name=is_suspended]")
        page.fill("[name=note]", "looked at without a script")
        page.click("button[value=rehearse]")
        assert "Only looked at" in ready(page).inner_text("h2")


def test_the_focus_goes_to_what_is_wrong(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, shared_bureau.admin)
        page.goto(f"{address}/do/person.save")
        page.fill("[name=login]", "NOT ONE")
        press(page, "Control+Enter")
        page.wait_for_selector(".refusal")
        page.wait_for_selector("[name=login]:focus")
        assert ready(page).input_value("[name=login]") == "NOT ONE"


def test_a_page_that_nobody_sees_lets_go_of_its_line_and_takes_one_again(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    """However many pages somebody has open, the one that is looked at has a line to the house."""
    hides = """(is_hidden) => {
        Object.defineProperty(document, "hidden", {get: () => is_hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, shared_bureau.admin)
        with page.expect_request("**/live/**") as first:
            page.goto(f"{address}/")
        with page.expect_event("requestfailed", lambda one: one == first.value):
            ready(page).evaluate(hides, True)  # noqa: FBT003 - as it is handed to the script
        with page.expect_request("**/live/**"):
            ready(page).evaluate(hides, False)  # noqa: FBT003 - the same
