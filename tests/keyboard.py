"""People at keyboards who type what docs/operating.md says, each with a home and a phone."""

import datetime as dt
import re
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from config.places import places_of
from config.run.database import embedded_dsns
from config.settings import Settings
from host.clock import utc_now
from host.office.action import Step
from host.office.codes import STEP_SECONDS
from host.office.tables import ACTIONS
from tests.commands import run_command
from tests.host.office.conftest import code_at
from tests.phones import forget_codes

PAGE = (Path(__file__).parents[1] / "docs" / "operating.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"<!-- office: (\w+) -->\n\n```sh\n(.*?)```", PAGE, re.DOTALL))
"""What people type, by the name of its block."""
CHOSEN = re.findall(r"`(\d{16}(?:, \d{16})+)`", PAGE)
PASSWORD = "seven green otters"


@dataclass
class Person:
    """Somebody at a keyboard."""

    home: Path
    data: Path
    seed: str = ""
    login: str = ""
    """By which they have signed in."""
    step: int = 0
    """Of the last code: each is good once."""
    invitation: str = ""
    said: list[str] = field(default_factory=list)

    def run(self, line: str, lang: str = "en", typed: str = "") -> subprocess.CompletedProcess[str]:
        """A command as the page has it; what it asks for is typed."""
        words = shlex.split(of_this_year(line), comments=True)[1:]
        return run_command(
            "--lang",
            lang,
            *words,
            given=(typed or "".join(f"{each}\n" for each in self._typed(words))).encode(),
            environ={
                "XDG_STATE_HOME": str(self.home),
                "POSSWITCH_DATA": str(self.data),
                "PATH": "/usr/bin:/bin",
                "PYTHONUTF8": "1",
            },
        )

    def _typed(self, words: list[str]) -> list[str]:
        if words[:2] == ["invitation", "accept"]:
            return [self.invitation, PASSWORD]
        if words[0] == "sign-in":
            self.login = words[1]
            return [PASSWORD, self.code() if self.seed else ""]
        if "--numbers" in words:
            return CHOSEN
        action = ACTIONS.get(".".join(words[:2]).replace("-", "_"))
        asks = words[-1] == "--code" or (action is not None and action.step is Step.OWN)
        is_kept = "--dry-run" not in words and words[:2] != ["person", "save"]
        return [self.code()] if asks and is_kept else []

    def code(self) -> str:
        """The next that the phone shows and nobody has seen; where none is good yet, those before
        are forgotten. The one before would be good too, but perhaps for a moment only."""
        at = int(time.time()) // STEP_SECONDS
        self.step = max(self.step + 1, at)
        if self.step > at + 1:
            forget_codes(embedded_dsns(places_of(self.data).cluster).owner, self.login)
            self.step = at
        return code_at(self.seed, dt.datetime.fromtimestamp(self.step * STEP_SECONDS, dt.UTC))

    def done(self, line: str, lang: str = "en", typed: str = "") -> str:
        """What it said; fails the test where it failed."""
        ran = self.run(line, lang, typed)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
        self._remember(ran.stdout)
        return ran.stdout

    def _remember(self, said: str) -> None:
        self.said.append(said)
        seed = re.search(r"secret=([A-Z2-7]+)", said)
        if seed:
            self.seed = seed[1]


def of_this_year(line: str) -> str:
    """A card batch is named by the year that it is made in, where the house stands."""
    year = utc_now().astimezone(ZoneInfo(Settings().host.timezone)).year
    return re.sub(r"CB-\d{4}", f"CB-{year}", line)


def invitation_in(said: str) -> str:
    found = re.search(r"invitation(?:, shown once)?: (\S+)", said)
    assert found is not None, said
    return found[1]
