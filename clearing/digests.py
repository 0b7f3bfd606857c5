"""Digests of what a step read and of what it left, so that a repeat names the step that differs.

What it read stands laid out for as long as the run does, and is digested once for all that read it;
so is what a step left for the next.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from psycopg import sql

from clearing.night import SQL, ClearingError, Night

SHOWN: Final = 8
"""So many letters of a digest tell people two of them apart."""


class Digests(NamedTuple):
    """Of one step, SHA-256 each."""

    read: bytes
    left: bytes


class Sources(NamedTuple):
    """The statements that tell, line by line, what a step reads and what it leaves."""

    read: str
    left: str


def digests(night: Night, sources: Sources) -> Digests:
    """Of a step that was just taken. In the transaction of it."""
    if sources.read not in night.digests:
        night.digests[sources.read] = digest_of(night, sources.read)
    night.digests[sources.left] = digest_of(night, sources.left)
    return Digests(night.digests[sources.read], night.digests[sources.left])


def compare(night: Night, step: str, then: Digests | None, now: Digests) -> None:
    """What a step read and left when it was first taken is what it reads and leaves again.

    Raises:
        ClearingError: it is not; says which of the two, and of which step.
    """
    if then is None:
        return
    if then.read != now.read:
        raise ClearingError(
            f"step {step} of {night.business_date} reads something else than it did (digest "
            f"{shown(then.read)} before, {shown(now.read)} now): a closed date was changed. Run "
            "`posswitch audit` to find the row; pay nothing before it is explained"
        )
    if then.left != now.left:
        raise ClearingError(
            f"what step {step} of {night.business_date} left is not there as it was (digest "
            f"{shown(then.left)} before, {shown(now.left)} now): its rows were changed. Run "
            "`posswitch audit` to find the row; pay nothing before it is explained"
        )


def recorded(night: Night) -> Mapping[str, Digests | None]:
    """The steps that were taken of the date, and their digests; None: before steps kept any."""
    return {
        row["step"]: row["read_digest"] and Digests(row["read_digest"], row["left_digest"])
        for row in night.rows("steps_recorded")
    }


def shown(digest: bytes) -> str:
    """Enough of a digest for people to compare."""
    return f"{digest.hex()[:SHOWN]}…"


def digest_of(night: Night, statement: str) -> bytes:
    """Of the lines that a statement tells."""
    found: bytes = night.value(_DIGEST.format(sql.SQL(SQL[statement])))
    return found


_DIGEST: Final = sql.SQL(
    "SELECT sha256(convert_to(coalesce("
    "string_agg(line, chr(10) ORDER BY line COLLATE \"C\"), ''), 'UTF8')) FROM ({}) AS told"
)
