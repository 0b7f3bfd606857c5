"""Findings: what is open when a date is cleared, and is listed; the night goes on.

They are looked for once, for what is open today is done tomorrow: a repeat shows what was found.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from clearing.night import Night
from host.rules.card_states import CARD_STATES
from host.rules.states import from_which
from host.rules.voucher_states import VOUCHER_STATES

COMPLETENESS: Final = "completeness"
CLOCK: Final = "clock"
"""Steps that look, as the night's table has them."""
LISTED_MAX: Final = 1_000
"""Of one kind; where there are more, so many are enough to see what is the matter."""
EXPIRING: Final = from_which((*CARD_STATES, *VOUCHER_STATES), "expire")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """So many of what FINDINGS calls by this name; `subject` is whose, or empty."""

    step: str
    name: str
    subject: str
    items: int


class FindingRow(NamedTuple):
    """One row of FINDINGS: what is looked for by the statement of that name, in which step."""

    name: str
    step: str
    meaning: str
    next: str
    """What whoever reads it does."""


FORWARD_WAITING: Final = "forward_waiting"
BY_THE_CLOCK: Final = "the clock of the host goes on with it: posswitch doctor says whether it runs"
FINDINGS: Final = (
    FindingRow(
        "batches_open",
        COMPLETENESS,
        "terminal batches that traded and were not settled",
        "what they sold is in the ledger and is paid; have each settle: "
        "posswitch terminal show says when it was heard",
    ),
    FindingRow(
        "batches_unfinished",
        COMPLETENESS,
        "terminal batches settled and not ended",
        "each uploads its records and ends its batch by itself: "
        "posswitch terminal show says when it was heard",
    ),
    FindingRow(
        "batches_timed_out",
        COMPLETENESS,
        "batches settled the day before and not ended",
        "ask the shop for the terminal: posswitch terminal show says when it was heard",
    ),
    FindingRow(
        "exceptions_open",
        COMPLETENESS,
        "cases that nobody has resolved",
        "posswitch terminal exceptions says what each is; "
        "before they are resolved nothing is released",
    ),
    FindingRow(
        FORWARD_WAITING,
        COMPLETENESS,
        "messages in store-and-forward, still to be sent",
        "they are sent as soon as the other side answers: posswitch doctor says what does not",
    ),
    FindingRow(
        "points_due", CLOCK, "points that expired and are not all written off", BY_THE_CLOCK
    ),
    FindingRow(
        "holds_due", CLOCK, "pre-authorisations that were over and still hold", BY_THE_CLOCK
    ),
    FindingRow(
        "gifts_due", CLOCK, "gifts that nobody claimed in time and are not given back", BY_THE_CLOCK
    ),
    FindingRow(
        "moves_open",
        CLOCK,
        "value under way between cards",
        "posswitch show moves says whose it is; what fails goes back by itself",
    ),
    FindingRow(
        "cards_due", CLOCK, "cards whose last day is over and that do not say so", BY_THE_CLOCK
    ),
)


def look(night: Night, step: str) -> list[Finding]:
    """What is open now, of all that a step looks for."""
    found = []
    for row in FINDINGS:
        if row.step == step and row.name != FORWARD_WAITING:
            told = night.rows(row.name, limit=LISTED_MAX, expiring=list(EXPIRING))
            found += [Finding(step=step, name=row.name, **one) for one in told]
    return found


def keep(night: Night, step: str, found: Sequence[Finding]) -> None:
    """Write down what a step found, once."""
    if found:
        night.run(
            "record_findings",
            step=step,
            names=[one.name for one in found],
            subjects=[one.subject for one in found],
            items=[one.items for one in found],
        )


def kept(night: Night) -> tuple[Finding, ...]:
    """What was found of the date."""
    return tuple(Finding(**row) for row in night.rows("findings"))


def counted(found: Iterable[Finding]) -> str:
    """How much of each kind, for a step's detail; empty where nothing is open."""
    sums: dict[str, int] = {}
    for one in found:
        sums[one.name] = sums.get(one.name, 0) + (one.items if one.subject == "" else 1)
    return ", ".join(f"{name} {sums[name]}" for name in sorted(sums))
