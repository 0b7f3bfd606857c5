"""Tables of `docs/operating.md`: what doctor looks at."""

from typing import Final

from config.doctor.checks import CHECKS
from config.manual.page import Blocks, table


def _checks() -> str:
    rows = ((f"`{check.name}`", check.should_be) for check in CHECKS)
    return table(("check", "how it should be"), rows)


BLOCKS: Final[Blocks] = {"operating.checks": _checks}
