"""The caller's line: what a gateway writes in front of each message, given back with its answer."""

from switch.standing import Standing
from switch.wire.connection import Connection


class Prefixed:
    """Where one message came from: its connection, and what stood in front of it."""

    __slots__ = ("_connection", "_line")

    def __init__(self, connection: Connection, line: bytes) -> None:
        self._connection = connection
        self._line = line

    @property
    def host(self) -> str:
        """The gateway's address."""
        return self._connection.host

    @property
    def standing(self) -> Standing:
        """What the gateway may be believed."""
        return self._connection.standing

    @property
    def peer(self) -> str:
        """And its port."""
        return self._connection.peer

    def send(self, payload: bytes) -> bool:
        """Answer the message; False when the connection is gone."""
        return self._connection.send(self._line + payload)

    def stay_silent(self) -> None:
        """Leave it."""
        self._connection.stay_silent()
