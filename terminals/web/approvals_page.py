"""APPROVALS: what waits for who reads, what they asked for themselves, and how long it waits."""

from collections.abc import Mapping
from typing import Any, Final

from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

LIVE_SECONDS: Final = 5.0
_SECONDS_A_MINUTE: Final = 60


def _arranged(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    waiting = parts.get("to_decide")
    own = parts.get("mine")
    return {
        "waiting": waiting.rows if waiting is not None else [],
        "own": [row for row in own.rows if row.values["state"] == "asked"] if own else [],
        "left": time_left,
    }


def time_left(seconds: int) -> str:
    """In hours and minutes."""
    hours, minutes = divmod(seconds // _SECONDS_A_MINUTE, _SECONDS_A_MINUTE)
    return f"{hours:02d}:{minutes:02d}"


APPROVALS: Final = Screen(
    id="approvals",
    path="/approvals",
    en="Approvals",
    zh="复核",
    template="approvals.html",
    parts={
        "to_decide": Part(view="approvals", filters={"to_decide": "true"}),
        "mine": Part(view="approvals", filters={"mine": "true"}),
    },
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
