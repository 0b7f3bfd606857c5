"""A real browser: opened in a size, a language and a scheme, let in, and what it shows looked at.

Debian's chromium is driven from outside; where there is none the tests are skipped, and say so.
Pictures are left in `build/screens` by a run that has `--pictures`: to take one is half of what
there is to do for a page.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from tests.conftest import PICTURES
from tests.host.office.conftest import Person

CHROMIUM = shutil.which("chromium")
SCREENS = Path("build/screens")
PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
CONTRAST_MIN = 4.5
"""WCAG 2.2, 1.4.3."""

FEWER_PROCESSES = (
    "--in-process-gpu",
    "--disable-gpu",
    "--process-per-site",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
)
"""All pages are of one house, and nobody sees how smoothly one is drawn: no process for what a
machine without a card for it draws, none for each window, and none that waits for a next site."""
WITHOUT = (
    *("RenderDocument", "SpareRendererForSitePerProcess", "IsolateOrigins", "site-per-process"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "PreconnectToSearch"),
)
"""Features that are off: first those that make a page's frame, or its process, anew for each page
that follows; then what Playwright turns off, for the last list of a command line is all of it."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

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


@contextmanager
def launched() -> Iterator[Chromium]:
    """The browser, with no window yet."""
    with sync_playwright() as playwright:
        args = ["--no-sandbox", *FEWER_PROCESSES, f"--disable-features={','.join(WITHOUT)}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        yield browser
        browser.close()


class Aside:
    """A browser in a thread of its own, for tests whose host trades while somebody looks."""

    def __init__(self) -> None:
        self._thread, self._held = ThreadPoolExecutor(1), ExitStack()
        self._chromium: Chromium | None = None

    def look(self, script: Callable[[Page], None], size: dict[str, int], **how: Any) -> None:
        """Have it do this, to its end."""
        self._thread.submit(self._look, script, size, how).result()

    def close(self) -> None:
        """It is needed no more."""
        self._thread.submit(self._held.close).result()
        self._thread.shutdown()

    def _look(
        self, script: Callable[[Page], None], size: dict[str, int], how: dict[str, Any]
    ) -> None:
        if self._chromium is None:
            self._chromium = self._held.enter_context(launched())
        with window(self._chromium, size, **how) as page:
            script(page)


def opened(
    chromium: Chromium, size: dict[str, int], language: str, scheme: str = "light"
) -> AbstractContextManager[Page]:
    """A page of a browser that nobody has signed in to."""
    return window(chromium, size, locale=language, color_scheme=scheme)


_IDLE: WeakKeyDictionary[Chromium, dict[str, list[Page]]] = WeakKeyDictionary()
"""Windows of each browser that nobody looks at, by what they were made with."""


@contextmanager
def window(
    chromium: Chromium, size: dict[str, int], seconds_max: float = 60.0, **how: Any
) -> Iterator[Page]:
    """A window of its own, as if it was new: to make one takes longer than most that is looked at.

    It is another's after this one, if all went well. Who hears of what it does, or lets it do more
    than usual, wants a `new_window`.
    """
    idle = _IDLE.setdefault(chromium, {}).setdefault(repr(sorted(how.items())), [])
    page = idle.pop() if idle else chromium.new_context(viewport=size, **how).new_page()  # type: ignore[arg-type]
    try:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.set_default_timeout(seconds_max * 1_000)
        yield page
        _forget(page)
    except BaseException:
        page.context.close()
        raise
    idle.append(page)


@contextmanager
def new_window(chromium: Chromium, size: dict[str, int], **how: Any) -> Iterator[Page]:
    """One that nobody had before, nor has after."""
    context = chromium.new_context(viewport=size, **how)  # type: ignore[arg-type]
    try:
        yield context.new_page()
    finally:
        context.close()


def _forget(page: Page) -> None:
    for other in page.context.pages:
        if other != page:
            other.close()
    page.emulate_media(media="null")
    page.goto("about:blank")
    page.context.clear_cookies()


def ready(page: Page) -> Page:
    """The page, once all of it is there and its scripts hear what is pressed and dragged.

    A page is seen, and clicked, while the rest of it is still being read.
    """
    page.wait_for_load_state("domcontentloaded")
    return page


def press(page: Page, *keys: str) -> None:
    """Keys, one after the other, wherever the focus is."""
    for key in keys:
        ready(page).keyboard.press(key)


def write(page: Page, text: str) -> None:
    """A text, key by key, wherever the focus is."""
    ready(page).keyboard.type(text)


def let_in(page: Page, address: str, who: Person) -> None:
    """Signed in already."""
    page.goto(f"{address}/sign-in")
    told = {"name": "posswitch_session", "value": who.session.reveal().decode(), "url": address}
    page.context.add_cookies([told])  # type: ignore[list-item]


def looked_at(page: Page, name: str, *, is_whole: bool = False) -> None:
    """Nothing runs out of the window, all that is written has contrast enough; and its picture."""
    assert page.viewport_size is not None, "it has one"
    width = ready(page).evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], (name, "it runs out of the window")
    thin = [row for row in ready(page).evaluate(CONTRASTS) if row[0] < CONTRAST_MIN]
    assert not thin, (name, thin)
    shot(page, name, is_whole=is_whole)


def shot(page: Page, name: str, *, is_whole: bool = False) -> None:
    """Its picture, where pictures are wanted."""
    if os.environ.get(PICTURES):
        SCREENS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENS / f"{name}.png", full_page=is_whole)


def pictured(chromium: Chromium, address: str, who: Person, pictures: dict[str, str]) -> None:
    """Each page, by its picture's name, on a phone and a wide screen, in both languages."""
    for kind, size in (("phone", PHONE), ("wide", WIDE)):
        for language in ("zh-CN", "en-GB"):
            with opened(chromium, size, language) as page:
                let_in(page, address, who)
                for name, path in pictures.items():
                    page.goto(address + path)
                    looked_at(page, f"{name}-{kind}-{language[:2]}", is_whole=True)
