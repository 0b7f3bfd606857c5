"""LIVE: parts of pages that are told anew while they are looked at.

Everybody who looks at the same page under the same session hears one topic, and each topic asks the
office once a while, so what a page costs does not grow with who has it open twice. A topic that
nobody hears any more asks nothing.
"""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from typing import Final

import structlog
import trio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from host.model.secrets import Secret
from switch.web.desk import HostAwayError, InDoubtError
from terminals.web.pages import with_once_keys

HEARD_AT_ONCE_MAX: Final = 1_000
"""Pages that listen, of all."""
OF_ONE_SESSION_MAX: Final = 8
BEAT_SECONDS: Final = 15.0
"""After which something is sent, so that what stands between does not end the connection."""
BEAT: Final = ": still here\n\n"
AGAIN: Final = "event: away\ndata: \n\n"

Draw = Callable[[], Awaitable[str]]

_LOG = structlog.get_logger(__name__)


class EventStream(StreamingResponse):
    """Server-sent events, whose source is let go when the browser goes."""

    def __init__(self, events: AsyncGenerator[str]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As starlette has it."""
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


class Live:
    """All that listen to one front; `run` has to run beside it."""

    def __init__(self) -> None:
        self._topics: dict[Hashable, _Topic] = {}
        self._sessions: dict[Secret, int] = {}
        self._nursery: trio.Nursery | None = None

    @property
    def heard(self) -> int:
        """How many pages listen now."""
        return sum(self._sessions.values())

    async def run(self) -> None:
        """Ask what is looked at, until cancelled."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await trio.sleep_forever()

    def events(
        self, session: Secret, topic: Hashable, draw: Draw, seconds: float
    ) -> AsyncGenerator[str] | None:
        """What is sent to one page; None where too many listen."""
        count = self._sessions.get(session, 0)
        if self.heard >= HEARD_AT_ONCE_MAX or count >= OF_ONE_SESSION_MAX:
            return None
        return self._heard(session, topic, draw, seconds)

    async def _heard(
        self, session: Secret, topic: Hashable, draw: Draw, seconds: float
    ) -> AsyncGenerator[str]:
        self._sessions[session] = self._sessions.get(session, 0) + 1
        found = self._topics.get(topic)
        if found is None:
            found = self._topics[topic] = _Topic(draw, seconds)
            assert self._nursery is not None, "it runs beside the front"
            self._nursery.start_soon(self._told, topic, found)
        found.listeners += 1
        seen, since = -1, found.begun  # what is asked from here on is newer than their page
        try:
            yield BEAT
            while not found.is_over:
                with trio.move_on_after(BEAT_SECONDS):
                    await found.another(seen, since)
                if found.is_news(seen, since):
                    seen = found.version
                    yield found.event
                else:
                    yield BEAT
        finally:
            found.listeners -= 1
            left = self._sessions.get(session, 1) - 1
            if left:
                self._sessions[session] = left
            else:
                self._sessions.pop(session, None)

    async def _told(self, name: Hashable, topic: "_Topic") -> None:
        """Ask again and again while somebody listens."""
        try:
            while topic.listeners:
                await topic.ask()
                await trio.sleep(topic.seconds)
        except Exception as error:  # noqa: BLE001 - one page's trouble is not the front's
            _LOG.warning("what is live of a page ended", why=str(error) or type(error).__name__)
        finally:
            topic.end()
            self._topics.pop(name, None)


class _Topic:
    """One page as it was told last."""

    def __init__(self, draw: Draw, seconds: float) -> None:
        self.seconds = seconds
        self.listeners = 0
        self.version = 0
        self.begun = self.ended = 0
        """The times it was asked; a page that was drawn in between is newer than what was told."""
        self.event = ""
        self.is_over = False
        self._draw = draw
        self._digest = b""
        self._changed = trio.Event()

    def is_news(self, seen: int, since: int) -> bool:
        """Whether it is another version than was seen, asked after so many times."""
        return self.version not in {seen, 0} and (self.ended > since or self.is_over)

    async def another(self, seen: int, since: int) -> None:
        """Wait for that."""
        while not self.is_news(seen, since) and not self.is_over:
            await self._changed.wait()

    async def ask(self) -> None:
        """Tell it anew, where it is another, and to who has come since it was."""
        number = self.begun = self.begun + 1
        try:
            drawn = await self._draw()
        except (HostAwayError, InDoubtError):
            drawn = None
        digest = hashlib.sha256((drawn or AGAIN).encode()).digest()
        self.ended = number
        if digest != self._digest:
            self._digest = digest
            self.event = AGAIN if drawn is None else _event(with_once_keys(drawn))
            self.version += 1
        self._tell()

    def end(self) -> None:
        """Nothing more is told: who listens comes again, and finds the door where they are out."""
        self.is_over = True
        self.version += 1
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()


def _event(text: str) -> str:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"{lines}\n"
