"""The simulator's own record: what it sent, what it was told, what it was not told.

Lines of JSON, each written to the file before the thing it tells of may matter, so that the
record survives a kill of the simulator as the ledger survives a kill of the host. It holds
slots and card numbers of the estate, no PAN and no secret. Folded, it makes the claims that
the audit lays beside the ledger.
"""

import enum
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Final, Self

import msgspec

from host.model.claims import Claim
from host.model.requests import Kind
from host.named_files import read_named

RECORD_BYTES_MAX: Final = 4 * 1024**3
"""A longer one is something else."""


@enum.unique
class What(enum.StrEnum):
    """What a line tells of."""

    SENT = "sent"
    TOLD = "told"
    NOT_TOLD = "not_told"
    REVERSAL_SENT = "reversal_sent"
    REVERSAL_TOLD = "reversal_told"
    CONFIRM_SENT = "confirm_sent"
    CONFIRM_TOLD = "confirm_told"
    GIVEN_UP = "given_up"
    """A reversal, confirmation or refund nobody answered: the cashier phones."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line."""

    what: What
    slot: str
    """Of the financial message, in the lines of its reversal and confirmation too."""
    kind: Kind | None = None
    card_id: int | None = None
    amount_minor: int = 0
    """Of an answer, the part that was approved; 0: all that was asked."""
    worth_minor: int = 0
    """What of it points have paid, or were given back for."""
    unit: str = ""
    original_slot: str | None = None
    f39: str | None = None
    rrn: str | None = None
    why: str | None = None


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Event)


class Record:
    """Keeps events in memory and, when given a file, on disk line by line."""

    def __init__(self, path: Path | None = None) -> None:
        self.events: list[Event] = []
        self._file: IO[bytes] | None = path.open("ab", buffering=0) if path else None

    def note(self, event: Event) -> None:
        """Add an event; it has left the process when this returns."""
        self.events.append(event)
        if self._file is not None:
            self._file.write(_ENCODER.encode(event) + b"\n")

    def claims(self) -> list[Claim]:
        """What this record says happened."""
        return claims_of(self.events)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.close()


def read_record(path: Path) -> list[Event]:
    """The events of a record file. A last line cut short by a kill is passed over."""
    lines = read_named(path, RECORD_BYTES_MAX).split(b"\n")
    return [_DECODER.decode(line) for line in lines[:-1] if line]


def claims_of(events: Iterable[Event]) -> list[Claim]:
    """One claim for each financial message sent."""
    claims: dict[str, Claim] = {}
    for event in events:
        if event.what is What.SENT:
            claims[event.slot] = _claim(event)
        elif changes := _CHANGES[event.what](event):
            claims[event.slot] = msgspec.structs.replace(claims[event.slot], **changes)
    return list(claims.values())


_CHANGES: Final[dict[What, Callable[[Event], dict[str, Any]]]] = {
    What.TOLD: lambda event: {
        "told": event.f39,
        "rrn": event.rrn,
        **({"amount_minor": event.amount_minor} if event.amount_minor else {}),
        **({"points_worth_minor": event.worth_minor} if event.worth_minor else {}),
    },
    What.NOT_TOLD: lambda _event: {},
    What.REVERSAL_SENT: lambda _event: {"reversal_sent": True},
    What.REVERSAL_TOLD: lambda event: {"reversal_told": event.f39},
    What.CONFIRM_SENT: lambda _event: {"confirm_sent": True},
    What.CONFIRM_TOLD: lambda event: {"confirm_told": event.f39},
    What.GIVEN_UP: lambda _event: {},
}
"""What each event says of the claim that was opened when its message was sent."""


def _claim(sent: Event) -> Claim:
    assert sent.kind is not None
    return Claim(
        slot=sent.slot,
        kind=sent.kind,
        card_id=sent.card_id,
        amount_minor=sent.amount_minor,
        unit=sent.unit,
        original_slot=sent.original_slot,
        points_worth_minor=sent.worth_minor,
    )
