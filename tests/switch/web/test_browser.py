"""Pages in a real browser: keys, a phone and a wide screen, light and dark, what they ask for.

Debian's chromium is driven from outside; where there is none the tests are skipped, and say so.
Screenshots are left in `build/screens`.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from tests.host.office.conftest import Bureau, Person
from tests.switch.web.conftest import Open

CHROMIUM = shutil.which("chromium")
SCREENS = Path("build/screens")
PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
FIRST_PAGE_BYTES_MAX = 100_000
OWN_SCRIPT_BYTES_MAX = 40_000
CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

CONTRASTS = """() => {
  const light = (rgb) => {
    const [r, g, b] = rgb.map((each) => each / 255)
      .map((each) => each <= .03928 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const paper = (place) => {
    for (let at = place; at; at = at.parentElement) {
      const found = numbers(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const place of document.querySelectorAll("body *")) {
    const own = [...place.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    if (!own || !place.getClientRects().length || place.closest(".skip")) continue;
    const a = light(numbers(getComputedStyle(place).color).slice(0, 3)), b = light(paper(place));
    const text = place.tagName + " " + place.textContent.trim().slice(0, 40);
    found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), text]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(shared_front: Open) -> str:
    return str(shared_front().client.base_url).rstrip("/")


def test_who_signs_in_by_keys_alone_finds_a_row_and_opens_it(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    with _open(chromium, WIDE, "en-GB") as page:
        page.goto(address)
        page.keyboard.type("root")
        page.keyboard.press("Tab")
        page.keyboard.type(shared_bureau.admin.password)
        page.keyboard.press("Tab")
        page.keyboard.type(shared_bureau.code(shared_bureau.admin))
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "find"
        page.keyboard.type("root")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}/show/people?login=root")
        page.goto(f"{address}/show/merchants")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        place = page.evaluate(
            "[...document.querySelectorAll('tbody tr')].indexOf(document.activeElement)"
        )
        assert place == 0
        page.keyboard.press("Enter")
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
    with _open(chromium, size, language, scheme) as page:
        _let_in(page, address, shared_bureau.admin)
        for name, path in paths.items():
            page.goto(address + path)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], (name, "it runs out of the window")
            thin = [row for row in page.evaluate(CONTRASTS) if row[0] < CONTRAST_MIN]
            assert not thin, (name, scheme, thin)
            kind = "phone" if size is PHONE else "wide"
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENS / f"{name}-{kind}-{language[:2]}-{scheme}.png")


def test_nothing_is_asked_of_another_house_and_the_first_page_is_small(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    with _open(chromium, WIDE, "zh-CN") as page:
        asked: dict[str, int] = {}
        page.on("response", lambda answer: asked.update({answer.url: len(answer.body())}))
        wrong: list[str] = []
        page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        page.goto(f"{address}/sign-in", wait_until="networkidle")
        _let_in(page, address, shared_bureau.admin)
        page.goto(address, wait_until="networkidle")
        assert all(url.startswith(address) for url in asked), asked
        assert sum(asked.values()) <= FIRST_PAGE_BYTES_MAX, asked
        assert asked[f"{address}/static/script.js"] <= OWN_SCRIPT_BYTES_MAX
        assert wrong == []


def test_without_a_script_all_of_it_works(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    try:
        page = context.new_page()
        _let_in(page, address, shared_bureau.admin)
        page.goto(f"{address}/show/merchants")
        page.click("td.doing a >> nth=1")
        page.check("[name=is_suspended]")
        page.fill("[name=note]", "looked at without a script")
        page.click("button[value=rehearse]")
        assert "Only looked at" in page.inner_text("h2")
    finally:
        context.close()


def test_the_focus_goes_to_what_is_wrong(
    chromium: Chromium, address: str, shared_bureau: Bureau
) -> None:
    with _open(chromium, WIDE, "en-GB") as page:
        _let_in(page, address, shared_bureau.admin)
        page.goto(f"{address}/do/person.save")
        page.fill("[name=login]", "NOT ONE")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".refusal")
        assert page.evaluate("document.activeElement.name") == "login"
        assert page.input_value("[name=login]") == "NOT ONE"


class _Opened:
    def __init__(self, context: Any) -> None:
        self._context = context

    def __enter__(self) -> Page:
        page: Page = self._context.new_page()
        return page

    def __exit__(self, *_error: object) -> None:
        self._context.close()


def _open(
    chromium: Chromium, size: dict[str, int], language: str, scheme: Any = "light"
) -> _Opened:
    context = chromium.new_context(viewport=size, locale=language, color_scheme=scheme)  # type: ignore[arg-type]
    return _Opened(context)


def _let_in(page: Page, address: str, who: Person) -> None:
    page.goto(f"{address}/sign-in")
    told = {"name": "posswitch_session", "value": who.session.reveal().decode(), "url": address}
    page.context.add_cookies([told])  # type: ignore[list-item]
