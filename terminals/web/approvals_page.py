"""APPROVALS: what waits for who reads, what they asked for themselves, and how long it waits."""

from collections.abc import Mapping
from typing import Any, Final

from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen

LIVE_SECONDS: Final = 5.0
FILES_MAX: Final = 20
"""Jobs of who reads that are looked through for files which were released to them."""
_SECONDS_A_MINUTE: Final = 60


def _arranged(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    waiting = parts.get("to_decide")
    own = parts.get("mine")
    files = parts.get("files")
    return {
        "waiting": waiting.rows if waiting is not None else [],
        "own": [row for row in own.rows if row.values["state"] == "asked"] if own else [],
        "left": time_left,
        "files": [row for row in files.rows if row.values.get("file")] if files else [],
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
        "files": Part(view="jobs", filters={"mine": "true"}, rows_max=FILES_MAX),
    },
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
