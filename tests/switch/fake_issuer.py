"""An issuer's host made of a list, on a real socket."""

from collections.abc import Callable
from typing import Any

import trio

from switch.issuer_settings import IssuerSettings
from terminals.answers import answer_mti
from terminals.dialects import issuer as dialect
from terminals.framing import FrameReader, wrap
from tests.switch.conftest import PATIENCE_SECONDS

Fields = dict[str, str]
ECHOED = ("2", "3", "4", "7", "11", "32", "37", "41", "42", "49")


def approved(asked: Fields, **changes: str) -> Fields:
    """The answer to a message; a change to nothing leaves the field out."""
    fields = {"t": answer_mti(asked["t"])}
    fields |= {name: asked[name] for name in ECHOED if name in asked}
    fields |= {"38": "I00001", "39": "00"} | {name[1:]: text for name, text in changes.items()}
    names = ["t", *sorted((name for name in fields if name != "t"), key=int)]
    return {name: fields[name] for name in names if fields[name]}


class FakeIssuer:
    """Answers as told; remembers what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.decide: Callable[[Fields], Fields | None] = approved
        """None holds the answer back."""
        self.sign_on_code = "00"
        self.is_deaf = False
        """Neither answers nor closes: a line that is half open."""
        self.asked: list[Fields] = []
        self.managed: list[Fields] = []
        self.connections: list[trio.SocketStream] = []
        self._arrived = trio.Event()
        self._one_at_a_time = trio.Lock()

    async def run(self, task_status=trio.TASK_STATUS_IGNORED) -> None:
        listeners = await trio.open_tcp_listeners(self.port, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        await trio.serve_listeners(self._serve, listeners, task_status=task_status)

    def settings(self, *others: "FakeIssuer", **changes) -> IssuerSettings:
        values: dict[str, Any] = {
            "name": "far",
            "issuer_id": "48882955",
            "prefixes": ("998800",),
            "addresses": tuple(f"127.0.0.1:{each.port}" for each in (self, *others)),
            "seconds_max": 5.0,
            "retry_seconds_max": 0.2,
        }
        return IssuerSettings(**(values | changes))

    async def has(self, count: int) -> None:
        """Wait until so many trade messages have come."""
        await self._until(lambda: len(self.asked) >= count)

    async def has_managed(self, count: int) -> None:
        """Wait until so many management messages have come."""
        await self._until(lambda: len(self.managed) >= count)

    async def has_connections(self, count: int) -> None:
        """Wait until so many have been made, lost ones counted until `hang_up`."""
        await self._until(lambda: len(self.connections) >= count)

    async def hang_up(self) -> None:
        """Close every connection."""
        for stream in self.connections:
            await stream.aclose()
        self.connections.clear()

    async def send(self, fields: Fields) -> None:
        """Say something unasked on the newest connection."""
        await self._put(self.connections[-1], fields)

    async def _until(self, condition: Callable[[], bool]) -> None:
        with trio.fail_after(PATIENCE_SECONDS):
            while not condition():
                self._arrived = trio.Event()
                await self._arrived.wait()

    async def _serve(self, stream: trio.SocketStream) -> None:
        self.connections.append(stream)
        self._arrived.set()
        reader = FrameReader(bytes_min=12)
        try:
            while data := await stream.receive_some():
                for payload in reader.feed(data):
                    await self._take(stream, dialect.decode(payload))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    async def _take(self, stream: trio.SocketStream, fields: Fields) -> None:
        is_management = fields["t"][:2] == "08"
        (self.managed if is_management else self.asked).append(fields)
        answer = None
        if is_management and dialect.is_answer(fields["t"]):
            answer = None
        elif is_management:
            answer = dialect.management_answer(fields) | {"39": self.sign_on_code}
        elif not self.is_deaf:
            answer = self.decide(fields)
        self._arrived.set()
        if answer is not None and not self.is_deaf:
            await self._put(stream, answer)

    async def _put(self, stream: trio.SocketStream, fields: Fields) -> None:
        async with self._one_at_a_time:
            await stream.send_all(wrap(dialect.CODEC.encode(fields)))
