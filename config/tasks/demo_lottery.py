"""The demo's lottery when its day is over: closed, its seed told, every draw recomputed.

Tills have drawn in it all day. What is verified is the file that anybody may have.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.errors import SurroundingsError
from config.language import speech
from config.run.staff import DemoStaff
from config.tasks.lottery import verdict_of, write_lottery
from host.estate.demo import LOTTERY
from host.office.roles import IM
from host.store.connecting import Connection
from host.store.lottery_file import lottery_told
from terminals.lottery_proof import Verdict

SECONDS_MAX: Final = 30.0
"""For the clock to tell the seed."""
LOOK_SECONDS: Final = 0.1
FILE: Final = "demo.lottery"


@dataclass(frozen=True, slots=True)
class LotteryTale:
    """What came of it."""

    file: Path
    verdict: Verdict

    def told(self) -> tuple[str, str]:
        """In lines that a newcomer understands."""
        verdict = self.verdict
        if verdict.faults:
            found = f"lottery {verdict.code} does not verify: {speech.said(verdict.faults[0])}"
        else:
            found = (
                f"lottery {verdict.code}: closed, its seed told, {verdict.draws:,} draws "
                "recomputed: all are right"
            )
        return found, f"check it yourself: posswitch lottery verify {self.file}"


def close_lottery(staff: DemoStaff, connection: Connection, data: Path) -> LotteryTale:
    """Close it by its issuer's manager, wait for the clock, and verify its file.

    Raises:
        SurroundingsError: the clock does not tell its seed.
    """
    code = LOTTERY.content.code
    staff.done(IM, "lottery.close", {"lottery": code, "note": "closed"})
    ends_at = time.monotonic() + SECONDS_MAX
    while lottery_told(connection, code).seed is None:
        if time.monotonic() > ends_at:
            raise SurroundingsError(
                f"the seed of lottery {code} was not told in {SECONDS_MAX:.0f} s: its host does "
                "not come to it. Next: posswitch doctor",
                "E-LOTTERY-SECRET",
            )
        time.sleep(LOOK_SECONDS)
    write_lottery(connection, code, data / FILE)
    return LotteryTale(data / FILE, verdict_of(data / FILE))
