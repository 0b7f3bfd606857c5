"""An entry: one thing done at a seat, as its file keeps it from before it is sent."""

import enum
from typing import Final

import msgspec

from host.model.requests import KINDS, Kind
from host.model.secrets import Pan
from host.model.totals import SIDES
from terminals.seat.presented import NO_CARD_DIGITS, Fields


@enum.unique
class State(enum.StrEnum):
    """Where it stands."""

    SENT = "sent"
    """On its way: what is read so after a kill is in doubt."""
    APPROVED = "approved"
    DECLINED = "declined"
    DOUBT = "doubt"
    """No answer was worth believing: it is reversed, or a refund sent again, until one is."""
    UNDONE = "undone"
    """It was reversed: nothing of it stands."""
    STANDS = "stands"
    """It was to be reversed, and the house says that it stands."""


OPEN: Final = frozenset({State.SENT, State.DOUBT})
"""Nobody knows yet."""
IN_FORCE: Final = frozenset({State.APPROVED, State.STANDS})


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As it is now; what becomes of it is another of the same batch and trace."""

    kind: Kind
    spelled: str = ""
    """Its row of the dialect, by which it is called, too."""
    in_points: bool = False
    batch: str
    trace: str
    asked: Fields
    """The message, without track."""
    pan_digits: str = ""
    expiry: str = ""
    shown: str = ""
    """The card, as it may be shown."""
    amount_minor_asked: int = 0
    taken: int = 0
    """What of it came about, as it counts in the totals."""
    state: State = State.SENT
    f39: str = ""
    rrn: str = ""
    auth_code: str = ""
    date: str = ""
    """MMDD, F13 of the answer."""
    told: dict[str, str] = {}
    """What else the answer says, by the words of its receipt."""
    of: str = ""
    """What it takes or gives back, by `name`."""
    undone_by: str = ""
    """What has taken it back, by `name`."""
    completed_by: str = ""
    """What has paid out of what it holds, by `name`."""
    refunded_minor: int = 0
    order: str = ""
    """What it pays, by the merchant's own number."""
    bill: str = ""
    """What is paid by several entries, by the `name` of the first; its own: it is the first."""
    cash_minor: int = 0
    """Of the first: what of the bill was paid in cash."""
    once_key: str = ""
    at: float = 0.0
    """When it was sent, seconds of the epoch."""
    by: str = ""
    """The login of who sat there."""
    why: str = ""
    """F39 of its reversal."""
    tries: int = 0
    """How often the house was asked what became of it."""

    @property
    def name(self) -> str:
        """By which it is found."""
        return f"{self.batch}-{self.trace}"

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it was taken or given back, or paid out."""
        return not (self.undone_by or self.completed_by or self.refunded_minor)

    @property
    def kind_moves(self) -> bool:
        """Whether something may have been posted by it."""
        return KINDS[self.kind].moves_value

    @property
    def pan(self) -> Pan:
        """What was presented; of no card, noughts."""
        return Pan(self.pan_digits or NO_CARD_DIGITS)

    @property
    def amount_minor(self) -> int:
        """As it counts in the totals."""
        return self.taken

    @property
    def counts(self) -> bool:
        """Whether it stands in the totals of its batch."""
        return self.state in IN_FORCE and self.kind in SIDES

    @property
    def left_minor(self) -> int:
        """What of it may still be given back."""
        return 0 if self.undone_by else self.taken - self.refunded_minor
