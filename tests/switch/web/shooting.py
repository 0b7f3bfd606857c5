"""Pictures of screens, in both languages, on a phone and a wide screen, left in `build/screens`."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from tests.host.office.conftest import Person

CHROMIUM: Final = shutil.which("chromium")
SCREENS: Final = Path("build/screens")
SIZES: Final = {"phone": {"width": 390, "height": 844}, "wide": {"width": 1440, "height": 900}}
LOCALES: Final = {"zh": "zh-CN", "en": "en-GB"}


def shoot(address: str, who: Person, paths: Mapping[str, str]) -> None:
    """Of each page, by the name of its picture; nothing runs out of the window. Without chromium
    there are none."""
    if CHROMIUM is None:
        return
    SCREENS.mkdir(parents=True, exist_ok=True)
    told = {"name": "posswitch_session", "value": who.session.reveal().decode(), "url": address}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for language, locale in LOCALES.items():
            for kind, size in SIZES.items():
                context = browser.new_context(viewport=size, locale=locale)  # type: ignore[arg-type]
                context.add_cookies([told])  # type: ignore[list-item]
                page = context.new_page()
                for name, path in paths.items():
                    page.goto(address + path)
                    width = page.evaluate("document.documentElement.scrollWidth")
                    assert width <= size["width"], (name, kind, "it runs out of the window")
                    page.screenshot(path=SCREENS / f"{name}-{kind}-{language}.png", full_page=True)
                context.close()
        browser.close()
