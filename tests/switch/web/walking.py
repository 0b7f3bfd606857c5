"""A demo that was traded, opened again for visitors, and browsers that come in by their links."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from tests.host.office.conftest import code_at
from tests.switch.web.browsing import WIDE, ready, window
from tests.switch.web.screens import pictured

COMMAND = (sys.executable, "-m", "config")
UP_SECONDS_MAX = 90
SECONDS_MAX = 60.0


@dataclass
class Walk:
    """The house, its links, and seeds of one-time codes as their pages have shown them."""

    data: Path
    links: dict[str, str]
    seeds: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.links["member"].split("/in/")[0]

    @contextmanager
    def visiting(
        self, chromium: Chromium, role: str, size: dict[str, int] = WIDE, language: str = "zh-CN"
    ) -> Iterator[Page]:
        """Somebody of that role, at where they begin: in by the link, and then by their cookies."""
        with window(chromium, size, SECONDS_MAX, locale=language) as page:
            if role in self.sessions:
                page.context.add_cookies(self.sessions[role])
                page.goto(self.address)
            else:
                page.goto(self.links[role])
                seed = ready(page).query_selector(".visit details code")
                self.seeds[role] = seed.text_content() or "" if seed else ""
                if language == "en-GB":
                    pictured(page, "visit-en")
                page.click("main a.button")
                page.wait_for_load_state()
                self.sessions[role] = page.context.cookies()
            yield page

    def code(self, role: str) -> str:
        """The next one-time code that is good: each step is good once."""
        import datetime as dt
        import time

        now = int(time.time()) // 30
        step = max(self.steps.get(role, 0) + 1, now)
        if step > now + 1:
            time.sleep((step - 1) * 30 - time.time())
        self.steps[role] = step
        return code_at(self.seeds[role], dt.datetime.fromtimestamp(step * 30, dt.UTC))


@contextmanager
def opened_again(home: Path) -> Iterator[Walk]:
    """What a demo has left, run by `posswitch up`."""
    up = subprocess.Popen(
        [*COMMAND, "up", "--data", str(home), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert up.stdout is not None, "it is a pipe"
        lines: list[str] = []
        while "ready" not in lines:
            line = up.stdout.readline()
            assert line, lines
            lines.append(line.strip())
        told = subprocess.run(
            [*COMMAND, "links", "--data", str(home), "--json"],
            check=True, capture_output=True, text=True, timeout=UP_SECONDS_MAX,
        )  # fmt: skip
        found = json.loads(told.stdout)["links"]
        assert not any("/in/" in line for line in lines), "a log has no link"
        yield Walk(home, {one["role"]: one["link"] for one in found})
    finally:
        up.terminate()
        up.communicate(timeout=UP_SECONDS_MAX)
