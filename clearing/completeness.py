"""Whether a date is all there: its seals, its exchanges, its batches, and what waits to be sent.

What was committed under the date is under its seals. A gap among them, an exchange that no seal
covers or a number that nobody was given is money that is missing, or that was put in: the night
stops there. A batch that is still open, or a message under way, is listed.
"""

from typing import Final

from clearing.findings import (
    COMPLETENESS,
    FORWARD_WAITING,
    Finding,
    keep,
    kept,
    look,
)
from clearing.night import ClearingError, Night
from host.model.numbers import rrn_of

BY_PAGES: Final = {"enable_seqscan": "off"}
"""The date's exchanges lie together, and an index says in which pages; what a server believes of a
date that its statistics have not seen would have it look through all there is."""


def completeness(night: Night) -> str:
    """Prove that nothing of the date is missing, and list what is open of it.

    Raises:
        ClearingError: something is missing, or is there that nobody sealed.
    """
    night.lay_out("day_seal", "seals")
    _refuse_missing(night)
    if not night.is_repeat:
        night.lay_out_lines()
        keep(night, COMPLETENESS, [*look(night, COMPLETENESS), *_waiting(night)])
    counts = night.row("count_sealed")
    assert counts is not None, "a count always has a row"
    are_open = sum(one.step == COMPLETENESS for one in kept(night))
    return f"{counts['exchanges']} exchanges, {counts['seals']} seals; {are_open} findings"


def _refuse_missing(night: Night) -> None:
    for row in night.rows("broken_shards"):
        raise _error(
            night,
            f"of {row['expected']} seals of shard {row['shard']}, {row['fitting']} follow the one "
            "before them",
        )
    with night.planned(BY_PAGES):
        short = night.rows("short_shards")
    for row in short:
        raise _error(
            night,
            f"the seals of shard {row['shard']} cover {row['items']} exchanges, and "
            f"{row['exchanges']} are there",
        )
    for row in night.rows("foreign_numbers"):
        raise _error(
            night,
            f"number {row['id']} (RRN {rrn_of(row['id'])}) of shard {row['shard']} was given to "
            "no writer",
        )


def _waiting(night: Night) -> list[Finding]:
    return [
        Finding(step=COMPLETENESS, name=FORWARD_WAITING, subject=route, items=messages)
        for route, messages in sorted(night.owed().items())
        if messages
    ]


def _error(night: Night, what: str) -> ClearingError:
    return ClearingError(
        f"{night.business_date} is not complete: {what}. Nothing was netted and no file was "
        "written. Run `posswitch audit` to find the row; pay nothing before it is explained"
    )
