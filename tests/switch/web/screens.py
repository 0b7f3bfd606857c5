"""Pictures of the manual: small, few, made by tests while they walk."""

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.switch.web.browsing import CONTRAST_MIN, CONTRASTS, SCREENS, ready

DESK = {"width": 1120, "height": 760}
"""A window on a desk, as it is printed in the manual."""
HEIGHT_MAX = 1_000
NARROW = 600
"""A phone is shown as it is held: its menu stands at the bottom."""
BYTES_MAX = 60_000
COLOURS = 32
KEPT = Path(os.environ.get("POSSWITCH_SCREENS", SCREENS))
"""Where they go: docs/screens by `make screens`."""


def pictured(page: Page, name: str) -> None:
    """What is on the screen now, which runs out of no window and has contrast enough."""
    size = page.viewport_size
    assert size is not None, "it has one"
    width, height = ready(page).evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert width <= size["width"], (name, "it runs out of the window")
    thin = [row for row in ready(page).evaluate(CONTRASTS) if row[0] < CONTRAST_MIN]
    assert not thin, (name, thin)
    tall = size["height"] if size["width"] < NARROW else min(height, HEIGHT_MAX)
    taken = page.screenshot(
        full_page=size["width"] >= NARROW,
        clip={"x": 0, "y": 0, "width": size["width"], "height": tall},
        animations="disabled",
    )
    KEPT.mkdir(parents=True, exist_ok=True)
    picture = (
        Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    )
    path = KEPT / f"{name}.png"
    picture.save(path, optimize=True)
    assert path.stat().st_size <= BYTES_MAX, (name, path.stat().st_size)
