"""What a lottery is made of, and the text of it that is frozen before anybody draws."""

import datetime as dt
import enum
from typing import Final

import msgspec

PARTS: Final = 1_000_000
"""100 %: the parts of all prizes add up to it, so that a draw is always one of them."""
NO_END: Final = "-"
"""In place of a stock that never runs out."""
FORM: Final = "posswitch-lottery 1"
"""The first line of what is frozen. Another way to draw has another one."""


@enum.unique
class LotteryState(enum.StrEnum):
    """Where a lottery is. `host.rules.lottery_states` says what follows, and what a till hears."""

    DRAFT = "draft"
    FROZEN = "frozen"
    OPEN = "open"
    CLOSED = "closed"
    REVEALED = "revealed"
    POSTED = "posted"
    CANCELLED = "cancelled"


@enum.unique
class PrizeKind(enum.StrEnum):
    """What a prize is, and so how it comes to who has won it."""

    POINTS = "points"
    """A lot of the lottery's own programme, in the posting of the draw."""
    VALUE = "value"
    """Money on the card, in the posting of the draw."""
    GOODS = "goods"
    """Owed until somebody hands it out."""
    VOUCHER = "voucher"
    """The same, on paper or by its code."""
    NOTHING = "nothing"


POSTED_AT_ONCE: Final = frozenset({PrizeKind.POINTS, PrizeKind.VALUE})
HANDED_OUT: Final = frozenset({PrizeKind.GOODS, PrizeKind.VOUCHER})


class Prize(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of them, by its place in the frozen order."""

    place: int
    """From 1; the last is nothing."""
    code: str
    """As a till is told it."""
    parts: int
    """Of PARTS."""
    stock: int | None
    """How many there are; None: it never runs out."""
    kind: PrizeKind
    amount: int = 0
    """Points, or minor units; 0 for what has no amount."""
    name: str = ""

    @property
    def text(self) -> str:
        """Its frozen line."""
        stock = NO_END if self.stock is None else self.stock
        return (
            f"prize {self.place} {self.code} {self.parts} {stock} {self.kind} {self.amount} "
            f"{self.name}"
        )


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """All that is frozen: whoever changes any of it has another text, and another commitment."""

    code: str
    """What a till names it by."""
    name: str
    owner: str
    """`issuer 1`, `merchant 3` or `alliance 2`: who gives the prizes."""
    unit: str
    """Of which programme a draw costs points."""
    cost_points: int
    threshold_points: int
    """Whoever has less to spend does not take part."""
    cap: int
    """Draws of one card, and of one member; 0: as many as they like."""
    opens_on: dt.date
    closes_on: dt.date
    """Its last day."""
    prizes: tuple[Prize, ...]

    @property
    def text(self) -> str:
        """Its canonical text, in lines that each end with a newline."""
        lines = (
            FORM,
            f"code {self.code}",
            f"owner {self.owner}",
            f"unit {self.unit}",
            f"cost {self.cost_points}",
            f"threshold {self.threshold_points}",
            f"cap {self.cap}",
            f"opens {self.opens_on.isoformat()}",
            f"closes {self.closes_on.isoformat()}",
            f"name {self.name}",
            *(prize.text for prize in self.prizes),
        )
        return "".join(f"{line}\n" for line in lines)
