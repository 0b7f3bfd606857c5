"""A dialect as the switch holds it: bytes in, `Request` out, and back.

`DialectOf` is the whole contract between a kind of terminal and the switch; the switch knows
no other word of what terminals say. A dialect reads its own kind of message and is given that
message back for everything else, so the switch, which only hands messages on, says `Dialect`.
What a `Mac` is given is the dialect's to say: the switch brings the keys, newest first.
"""

from typing import Any, Protocol, TypeAlias, TypeVar

from host.hsm.mac import Mac
from host.model.requests import Request, Response
from host.model.responses import Reason
from host.model.secrets import Secret
from terminals.message import AnyMessage

MessageT = TypeVar("MessageT", bound=AnyMessage)


class DialectOf(Protocol[MessageT]):
    """How one family of terminals speaks, in messages of its own type."""

    @property
    def institution(self) -> str:
        """Whose terminals these are, in exchange keys."""

    def read(self, payload: bytes) -> MessageT:
        """A request of a terminal.

        Raises:
            DecodeError: it cannot be read. Its `message` is set when enough was read to answer
                a format error; otherwise the bytes are to be dropped.
        """

    def is_sealed(self, message: MessageT) -> bool:
        """Whether the message carries a message authentication code."""

    def must_be_sealed(self, message: MessageT) -> bool:
        """Whether a message of this type is refused without one."""

    def mac_is_right(self, message: MessageT, mac: Mac) -> bool:
        """Whether the message carries the code of this key."""

    def has_room(self, message: MessageT) -> bool:
        """Whether it holds so much that nobody looks at that an order-blind code proves nothing."""

    def request(self, message: MessageT, generation: int) -> Request | Reason:
        """What the message asks, or why it is refused at once.

        Called after `mac_is_right` has said yes where the message must be sealed. `generation`
        is that of the key set which authenticated it, 0 where none did.
        """

    def track(self, message: MessageT) -> Secret | None:
        """Track 2 of the message where it came in clear, as an issuer is sent it."""

    def answer(self, message: MessageT, response: Response, mac: Mac | None) -> bytes:
        """The payload that answers a message; sealed when it was and the key is known.

        Raises:
            EncodeError: the response holds a value the dialect has no room for.
        """


Dialect: TypeAlias = DialectOf[Any]
"""Any dialect, for whoever only hands its own messages back to it."""
