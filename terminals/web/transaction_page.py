"""TRANSACTION: the life of one, from what was asked to where it is settled."""

from collections.abc import Mapping
from typing import Any, Final

from terminals.web.reader import Reader
from terminals.web.screen import Given, Part, Parts, Screen
from terminals.web.shown import Row

LIVE_SECONDS: Final = 3.0
BLOCKS: Final[Mapping[str, tuple[str, ...]]] = {
    "how_decided": ("rule", "about", "same_trace"),
    "what_moved": ("leg", "hold", "hold_step", "lot", "earned"),
    "since_then": ("undone_by", "terminal_batch", "seal", "day", "case"),
}
"""Under which heading each step stands, but for the two on top: what was asked, what was told."""
APPROVED: Final = "approved"


def _arranged(_reader: Reader, _given: Given, parts: Parts) -> Mapping[str, Any]:
    by_step: dict[str, list[Row]] = {}
    for row in parts["life"].rows:
        by_step.setdefault(str(row.values["step"]), []).append(row)
    [asked], [decided] = by_step["asked"], by_step["decided"]
    return {
        "asked": asked,
        "decided": decided,
        "is_approved": decided.values["outcome"] == APPROVED,
        "undone": [one for one in by_step.get("undone_by", []) if _stands(one)],
        "rrn": decided.text("source"),
        "blocks": [
            (heading, [row for step in steps for row in by_step.get(step, [])])
            for heading, steps in BLOCKS.items()
        ],
    }


def _stands(row: Row) -> bool:
    """Whether what undid it was approved, and was not itself undone."""
    detail = row.values["detail"] or {}
    return row.values["outcome"] == APPROVED and not detail.get("is_undone")


TRANSACTION: Final = Screen(
    id="transaction",
    path="/transactions/{transaction:path}",
    en="A transaction's life",
    zh="交易",
    template="transaction.html",
    parts={
        "life": Part(
            view="transactions",
            filters={"transaction": "{transaction}"},
            needs=frozenset({"transaction"}),
            rows_max=100,
        ),
    },
    is_about="life",
    arrange=_arranged,
    live_seconds=LIVE_SECONDS,
)
