"""A rule in a browser: read as a sentence, changed in its place, held against a day that was."""

import pytest
from playwright.sync_api import Browser as Chromium

from tests.host.office.conftest import Bureau
from tests.host.office.test_rules_of_people import TODAY, People
from tests.switch.web.browsing import PHONE, WIDE, let_in, looked_at, needs_chromium, opened, ready

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def people(shared_bureau: Bureau) -> People:
    return People(shared_bureau)


def test_a_number_is_changed_and_tried_in_two_clicks(
    chromium: Chromium, address: str, people: People
) -> None:
    """S1-07, S2-01, S2-02: the sentence follows the figure, and what was tried stands under it."""
    rule = people.draft(says="amount_max", amount_minor=50_000, period="day", categories=["5814"])
    place = f"{address}/rules/{rule}"
    with opened(chromium, WIDE, "en-GB") as page:
        let_in(page, address, people.manager)
        page.goto(place)
        assert "no more than 500.00 CNY a business date for a card" in ready(page).inner_text(
            ".says"
        )
        assert ready(page).locator(".off", has_text="End a rule").is_visible()
        page.fill("[name=amount_minor]", "400")
        page.click("button:has-text('Save as a draft')")
        page.wait_for_selector(".says:has-text('400.00 CNY')")
        page.fill("[name=date]", str(TODAY))
        page.click("button:has-text('Try it on a day that was')")
        page.wait_for_url(place)
        people.bureau.do_jobs()
        page.wait_for_selector("h3:has-text('What it would have told on')")
        assert "newly declined" in ready(page).inner_text("main")
    for size, language, scheme in ((PHONE, "zh-CN", "light"), (WIDE, "en-GB", "dark")):
        with opened(chromium, size, language, scheme) as page:
            let_in(page, address, people.manager)
            page.goto(place)
            looked_at(page, f"rule-{size['width']}-{language[:2]}-{scheme}", is_whole=True)
