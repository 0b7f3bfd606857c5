"""The link's end of who serves people: one connection, any number of questions under way.

Whoever asks waits for what the office tells. A connection that breaks leaves what was asked in
doubt: the same form, asked again on another, is not done twice.
"""

import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Final

import trio

from host.link.address import Address, connect
from host.link.credentials import Credentials
from host.link.frames import (
    Beat,
    Frame,
    Hello,
    LinkError,
    LinkReader,
    Told,
    check_hello,
    encode,
    errand_of,
)
from host.link.pipe import Pipe
from host.link.secure_pipe import SecurePipe
from host.model import office

HELLO_SECONDS_MAX: Final = 5.0
ANSWER_SECONDS_MAX: Final = 60.0
"""The host has deadlines of its own, which are shorter."""
BEAT_SECONDS: Final = 2.0


class OfficeLink:
    """An open connection. Use `opened_office`."""

    def __init__(self) -> None:
        self.pipe: Pipe | None = None
        self._tickets = itertools.count(1)
        self._outgoing: list[Frame] = []
        self._answers: dict[int, trio.MemorySendChannel[office.Told]] = {}
        self.ended = trio.Event()
        """Whatever is asked now is refused: the connection is over."""

    async def ask(self, asked: office.Asked) -> office.Told:
        """What the office tells.

        Raises:
            LinkError: the connection ended, or no answer came in time: it is in doubt.
        """
        ticket = next(self._tickets)
        send, receive = trio.open_memory_channel[office.Told](1)
        self._answers[ticket] = send
        try:
            self._send(errand_of(ticket, asked))
            with trio.fail_after(ANSWER_SECONDS_MAX):
                return await receive.receive()
        except (trio.TooSlowError, trio.EndOfChannel):
            raise LinkError("the host did not answer: what was asked is in doubt") from None
        finally:
            self._answers.pop(ticket, None)
            send.close()

    def gather(self) -> bytes:
        """All that waits to be sent."""
        frames, self._outgoing = self._outgoing, []
        return b"".join(map(encode, frames))

    async def serve(self, reader: LinkReader, early: list[Frame]) -> None:
        """Until the connection ends; whoever waits then hears of it."""
        assert self.pipe is not None, "it is opened first"
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.pipe.write_gathered)
                nursery.start_soon(self._beat)
                self._hand_out(early)
                while data := await self.pipe.receive():
                    self._hand_out(reader.feed(data))
                nursery.cancel_scope.cancel()
        except* (OSError, LinkError):
            pass  # whoever waits is told below
        finally:
            self.ended.set()
            for send in self._answers.values():
                send.close()

    def _send(self, frame: Frame) -> None:
        if self.ended.is_set() or self.pipe is None:
            raise LinkError("the host has closed the connection: nothing was asked")
        self._outgoing.append(frame)
        self.pipe.wake()

    async def _beat(self) -> None:
        while True:
            await trio.sleep(BEAT_SECONDS)
            self._send(Beat())

    def _hand_out(self, frames: list[Frame]) -> None:
        for frame in frames:
            if isinstance(frame, Told) and frame.ticket in self._answers:
                self._answers[frame.ticket].send_nowait(frame.told)


@contextlib.asynccontextmanager
async def opened_office(
    address: Address, credentials: Credentials | None = None
) -> AsyncIterator[OfficeLink]:
    """A connection to the host at this address; `credentials` are for one on another machine.

    Raises:
        LinkError: the host is of another release.
        OSError, trio.TooSlowError: it is not there.
    """
    link, reader = OfficeLink(), LinkReader()
    with trio.fail_after(HELLO_SECONDS_MAX):
        sock = await connect(address)
    link.pipe = pipe = (
        Pipe(sock, link.gather)
        if credentials is None
        else SecurePipe(sock, link.gather, credentials)
    )
    try:
        with trio.fail_after(HELLO_SECONDS_MAX):
            await pipe.open()
            await pipe.send(encode(Hello()))
            early = await _greeted(pipe, reader)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.serve, reader, early)
            yield link
            nursery.cancel_scope.cancel()
    finally:
        pipe.close()


async def _greeted(pipe: Pipe, reader: LinkReader) -> list[Frame]:
    while data := await pipe.receive():
        if frames := reader.feed(data):
            check_hello(frames[0])
            return frames[1:]
    raise LinkError("closed by the host before its hello")
