"""What is to be done at a seat, as it was typed and scanned."""

from dataclasses import dataclass

from host.model.requests import Kind
from terminals.seat.presented import Presented


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done, by whom, once for its key."""

    kind: Kind
    amount_minor: int = 0
    presented: Presented
    second: Presented | None = None
    """The code that is put onto the card."""
    order: str = ""
    """The merchant's own number of what is paid."""
    bill: str = ""
    """Of which bill it is the rest; empty: it begins one."""
    by: str
    """The login of who sits there."""
    once_key: str
