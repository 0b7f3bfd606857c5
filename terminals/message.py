"""One message of a terminal as its dialect read it."""

from collections.abc import Mapping
from typing import Final, NamedTuple, NoReturn, Protocol

import msgspec

from host.model.requests import Kind
from terminals.dukpt_session import Taken
from terminals.spelling import Spelling


class Place(NamedTuple):
    """Where a fault is: for who reads a log with the frame beside it."""

    field: str = ""
    """By the dialect's own name; `t` the message type, `p` the bitmap."""
    offset: int | None = None
    """Its first byte, counted in the payload: what follows the length of the frame."""


NOWHERE: Final = Place()
_NEW: Final = Taken.NEW


class AnyMessage(Protocol):
    """What the switch may see of a message, whatever dialect read it.

    Its text, `repr` included, shows no card number, PIN block or track.
    """

    @property
    def mti(self) -> str:
        """The message type, or what the dialect has in its place."""

    @property
    def terminal_id(self) -> str:
        """8 characters; empty when the message has none."""

    @property
    def stan(self) -> str:
        """The terminal's own number for this message."""

    @property
    def epoch(self) -> str:
        """A till's own date, as far as it was read; empty: its terminal's profile has the batch."""

    @property
    def asks(self) -> Kind | None:
        """The kind asked for, as far as the message's own codes tell; None: none of ours."""

    @property
    def fault(self) -> str:
        """Why it cannot be acted upon, once that is known; quotes nothing of it."""

    @property
    def place(self) -> Place:
        """Where that is, as far as it has a place."""

    @property
    def fields(self) -> Mapping[str, str]:
        """The values read, by the dialect's own names. They may hold a card number."""


class Damage(msgspec.Struct, frozen=True):
    """Why a message could not be read whole, and how far its fields can be told apart."""

    why: str
    """Quotes nothing of it."""
    is_cut: bool
    """Whether the place of every field is known, so that nothing stands between them."""
    unsound_bytes: int = 0
    """In fields whose value is none."""
    place: Place = NOWHERE


class Message:
    """An ISO 8583 message: what the wire said, still in the dialect's own words.

    `tpdu` and `header` are kept for the answer, `body` (message type to last field) for the
    message authentication code, `fields` are the decoded values by number with `t` the message
    type. Fields hold a card number or a track: the text of a message shows none of them, there
    is no `__dict__` to walk, and pickling raises.
    """

    __slots__ = (
        "body",
        "card",
        "damage",
        "fields",
        "form",
        "header",
        "spelling",
        "taken",
        "tpdu",
    )

    def __init__(
        self,
        tpdu: bytes,
        header: bytes,
        body: bytes,
        fields: dict[str, str],
        spelling: Spelling | None,
        damage: Damage | None = None,
    ) -> None:
        self.tpdu = tpdu
        self.header = header
        self.body = body
        self.fields = fields
        self.spelling = spelling
        self.damage = damage
        """Where it could not be read whole: `fields` are those that could."""
        self.card: tuple[str | None, str | None] | None = None
        """Its number and expiry, YYMM, as far as they came in clear; None: nobody has looked."""
        self.form: object = None
        """What its codes and fields alone say (`terminals.forms`), once its dialect was asked."""
        self.taken = _NEW
        """What its KSN makes of it, where a KSN proved it."""

    @property
    def mti(self) -> str:
        """The message type, four digits."""
        return self.fields["t"]

    @property
    def terminal_id(self) -> str:
        """F41, 8 characters; empty when the message has none."""
        return self.fields.get("41", "")

    @property
    def merchant_id(self) -> str:
        """F42, 15 characters; empty when the message has none."""
        return self.fields.get("42", "")

    @property
    def stan(self) -> str:
        """F11, six digits; zeros in a message without a trace (echo)."""
        return self.fields.get("11", "000000")

    @property
    def epoch(self) -> str:
        """Nothing: its terminal's profile knows the batch."""
        return ""

    @property
    def fault(self) -> str:
        """Why it could not be read whole; empty where it could."""
        return self.damage.why if self.damage is not None else ""

    @property
    def place(self) -> Place:
        """Where the fault is."""
        return self.damage.place if self.damage is not None else NOWHERE

    @property
    def asks(self) -> Kind | None:
        """What its row of the dialect's table means."""
        means = self.spelling.means if self.spelling is not None else None
        return means if isinstance(means, Kind) else None

    def __repr__(self) -> str:
        return f"<Message {self.mti} of terminal {self.terminal_id!r} trace {self.stan}>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        msg = "a Message is never pickled or copied"
        raise TypeError(msg)
