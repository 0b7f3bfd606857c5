"""A merchant's page of its own data: S4-17, S4-18, S4-32."""

import pytest
from playwright.sync_api import Browser as Chromium

from tests.host.office.conftest import HOME, Bureau, Person
from tests.switch.web.browsing import WIDE, let_in, needs_chromium, opened, pictured, ready
from tests.switch.web.conftest import Open

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def owner(shared_bureau: Bureau) -> Person:
    return shared_bureau.person("merchant_owner", "merchant")


def test_a_merchant_opens_its_data_by_the_menu_and_changes_a_line_in_its_place(
    chromium: Chromium, address: str, owner: Person, shared_bureau: Bureau
) -> None:
    """S4-17, S4-18: what it may not edit is no field there."""
    place = f"{address}/merchants/{HOME['merchant']}"
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, owner)
        page.goto(address)
        page.click('nav.menu a:has-text("A merchant\'s own data")')
        page.click("table.rows td a >> nth=0")
        page.wait_for_url(place)
        assert ready(page).locator("form [name=name], form [name=trade]").count() == 0
        page.fill("[name=introduction_en]", "Coffee by hand, since 1998")
        page.fill("[name=hours]", "9-21")
        page.click("button:has-text('Save')")
        page.wait_for_url(place)
        assert ready(page).input_value("[name=introduction_en]") == "Coffee by hand, since 1998"
    [row] = shared_bureau.rows(owner, "merchant_profiles")
    assert (row["introduction_en"], row["hours"]) == ("Coffee by hand, since 1998", "9-21")
    pictured(chromium, address, owner, {"profile": f"/merchants/{HOME['merchant']}"})


def test_how_many_members_came_when_is_a_list_of_the_merchants_own(
    shared_front: Open, shared_bureau: Bureau, owner: Person
) -> None:
    """S4-32: without a filter, and to be taken as a file."""
    for phone in ("13900003001", "13900003002"):
        shared_bureau.done(
            owner, "member.add", phone=phone, merchant=HOME["merchant"], name="New"
        )  # fmt: skip
    browser = shared_front()
    browser.client.headers["accept-language"] = "en"
    browser.get("/sign-in")
    browser.client.cookies.set("posswitch_session", owner.session.reveal().decode())
    page = browser.get("/show/stat_members").text
    assert '<td data-label="joined" class="number">2</td>' in page
    assert "joined" in browser.get("/export/stat_members").text
