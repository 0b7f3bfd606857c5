"""The findings on a screen, or for programs."""

import json
from collections import Counter
from collections.abc import Sequence

from config.doctor.checks import Found, as_builtins
from config.doctor.findings import State
from config.language import speech
from config.screen import Sheet, prose, screen, words

COLUMNS = (
    words("check"),
    words("state"),
    prose("what was found, and what to do", is_worded=True),
)


def print_report(found: list[Found], *, as_json: bool) -> None:
    """Each finding with its cure, and how many are to be mended."""
    console = screen()
    if as_json:
        console.out(json.dumps(as_builtins(found), indent=2, ensure_ascii=False))
        return
    console.print(Sheet(COLUMNS, list(map(_row, found))))
    console.print(_summary(found), markup=False)


def _row(found: Found) -> tuple[str, str, str]:
    cure = f". Next: {found.cure}" if found.cure else ""
    return found.check, found.state.value, f"{found.found}{cure}"


def _summary(found: Sequence[Found]) -> str:
    counts = Counter(each.state for each in found)
    warnings = counts[State.DOUBT]
    parts = [
        f"{len(found)} finding" if len(found) == 1 else f"{len(found)} findings",
        f"{counts[State.WRONG]} wrong",
        f"{warnings} warning" if warnings == 1 else f"{warnings} warnings",
        *([f"{counts[State.UNSEEN]} not seen"] if counts[State.UNSEEN] else []),
    ]
    return f"doctor: {', '.join(map(speech.said, parts))}"
