"""The host's end of the link: requests in, answers out, nothing decided here.

Requests of one frame are submitted in their order; answers that come together, as all those of
one committed batch do, leave in one write. A switch that goes away takes its unanswered tickets
with it: what was decided stays in the exchange record and is told when the terminal asks again.
"""

import functools
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import structlog
import trio

from host.entrance import Entrance
from host.link.credentials import Credentials
from host.link.frames import (
    ITEMS_MAX,
    Answers,
    Ask,
    Beat,
    Do,
    Errand,
    Failed,
    Find,
    Found,
    Frame,
    Hello,
    LinkError,
    LinkReader,
    Look,
    Show,
    ShowAll,
    Ticket,
    Told,
    check_hello,
    encode,
    parted,
)
from host.link.pipe import Pipe
from host.link.secure_pipe import RefusedError
from host.metrics import count_fault
from host.model import office
from host.model.requests import Request, Response
from host.model.terminal import TerminalProfile
from host.office.refusals import AWAY, FAULT, TOO_MANY, Refusal, told_of

Submit = Callable[[Request, Callable[[Response], None]], None]
"""Takes a request and calls back once, on the trio thread, when the answer may be known."""
FindTerminal = Callable[[str], Awaitable[TerminalProfile | None]]
"""None when no such terminal is registered; an exception when that cannot be said now."""
AskOffice = Callable[[office.Asked], Awaitable[office.Told]]
"""Never raises: whatever it meets is a refusal."""

HELLO_SECONDS_MAX: Final = 5.0
SILENCE_SECONDS_MAX: Final = 30.0
"""A switch beats every few seconds; one not heard for so long is gone."""
ANSWERS_WAITING_MAX: Final = 65_536
"""Answers a switch has not read; more than any window: the switch is stuck and is cut off."""
SWITCHES_MAX: Final = 256
"""Switch processes at a time: a stranger on this machine must not take the host's last file."""
FINDS_MAX: Final = 64
"""Look-ups of one switch under way; the others wait unread."""
ERRANDS_MAX: Final = 64
"""What people ask for at one front at a time; more of it waits nowhere, it is refused."""

TOO_MANY_ERRANDS: Final = told_of(Refusal(TOO_MANY))
OFFICE_FAULT: Final = told_of(Refusal(FAULT))
NO_OFFICE: Final = told_of(Refusal(AWAY))

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a host does for those who connect to it."""

    submit: Submit
    find_terminal: FindTerminal
    ask_office: AskOffice


async def no_office(_asked: office.Asked) -> office.Told:
    """For a host that serves tills alone."""
    return NO_OFFICE


async def serve(
    listeners: Sequence[socket.socket],
    submit: Submit,
    find_terminal: FindTerminal,
    credentials: Credentials | None = None,
    ask_office: AskOffice = no_office,
) -> NoReturn:
    """Serve every switch that connects to these listening sockets, for ever.

    At those of the network TLS is spoken, under these credentials.
    """
    entrance = Entrance(credentials)
    served = Served(submit=submit, find_terminal=find_terminal, ask_office=ask_office)
    async with trio.open_nursery() as nursery:
        for listener in listeners:
            nursery.start_soon(_accept, listener, served, entrance, nursery)
    raise AssertionError("listeners never end by themselves")


async def _accept(
    listener: socket.socket,
    served: Served,
    entrance: Entrance,
    nursery: trio.Nursery,
) -> None:
    listener.settimeout(0)
    while True:
        await trio.lowlevel.wait_readable(listener)
        try:
            sock, _ = listener.accept()
        except OSError as error:
            _LOG.warning("a switch could not be accepted", why=str(error))
            await trio.sleep(0.1)
            continue
        if len(nursery.child_tasks) - entrance.waiting > SWITCHES_MAX:
            sock.close()
            _LOG.error("a switch was refused: there are too many", switches_max=SWITCHES_MAX)
            continue
        if entrance.is_open_to(sock):
            nursery.start_soon(_serve_switch, sock, served, entrance)
        else:
            sock.close()


async def _serve_switch(sock: socket.socket, served: Served, entrance: Entrance) -> None:
    """One switch, to its end. What goes wrong with one is no other's trouble."""
    place = entrance.place_of(sock)
    switch = _Switch(functools.partial(entrance.pipe_of, sock), served)
    try:
        await entrance.let_in(switch.pipe)
        reason = await switch.serve()
    except RefusedError as error:
        entrance.tell_refusal(place, str(error))
        return
    except OSError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - the other switches go on
        _LOG.exception("a switch could not be served, and is cut off")
        count_fault("switch connection")
        reason = type(error).__name__
    finally:
        switch.close()
    _LOG.info("a switch left", switch=switch.pipe.peer, why=reason)


class _Switch:
    """One connected switch."""

    def __init__(
        self,
        pipe_of: Callable[[Callable[[], bytes]], Pipe],
        served: Served,
    ) -> None:
        self.pipe = self._pipe = pipe_of(self._gather)
        self._served = served
        self._finds = trio.Semaphore(FINDS_MAX)
        self._errands = 0
        self._answers: list[tuple[Ticket, Response]] = []
        self._frames: list[Frame] = []
        self._is_open = True

    async def serve(self) -> str:
        """Until it ends; returns why."""
        reason = "cancelled"

        async def until_it_ends(part: Callable[[], Awaitable[object]]) -> None:
            nonlocal reason
            try:
                reason = str(await part())
            except (OSError, LinkError) as error:
                reason = str(error)
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_it_ends, self._pipe.write_gathered)
            nursery.start_soon(until_it_ends, self._watch)
            nursery.start_soon(until_it_ends, lambda: self._listen(nursery))
        return reason

    def close(self) -> None:
        """Answers that come later are dropped here."""
        self._is_open = False
        self._pipe.close()

    async def _listen(self, nursery: trio.Nursery) -> str:
        reader = LinkReader()
        self._frames.append(Hello())
        self._pipe.wake()
        is_greeted = False
        while data := await self._pipe.receive():
            for frame in reader.feed(data):
                if is_greeted:
                    await self._take(frame, nursery)
                else:
                    check_hello(frame)
                    is_greeted = True
                    _LOG.info("a switch connected", switch=self._pipe.peer)
        return "closed by the switch"

    async def _take(self, frame: Frame, nursery: trio.Nursery) -> None:
        match frame:
            case Ask(items):
                submit, answer = self._served.submit, self._answer
                for ticket, request in items:
                    try:
                        submit(request, functools.partial(answer, ticket))
                    except Exception:  # noqa: BLE001 - not answered, so the switch undoes it
                        _LOG.exception("a request could not be taken", key=request.key.text)
                        count_fault("request")
            case Find():
                await self._finds.acquire()
                nursery.start_soon(self._find, frame)
            case Do() | Show() | ShowAll() | Look():
                if self._errands >= ERRANDS_MAX:
                    self._tell(Told(frame.ticket, TOO_MANY_ERRANDS))
                else:
                    self._errands += 1
                    nursery.start_soon(self._run_errand, frame)
            case Beat():
                self._frames.append(frame)
                self._pipe.wake()
            case _:
                raise LinkError(f"a switch sent a frame of the host's: {type(frame).__name__}")

    async def _find(self, wanted: Find) -> None:
        try:
            profile = await self._served.find_terminal(wanted.terminal_id)
        except Exception:  # noqa: BLE001 - whatever the store met, the switch is told
            _LOG.exception("a terminal could not be looked up", tid=wanted.terminal_id)
            self._frames.append(Failed(wanted.ticket))
        else:
            self._frames.append(Found(wanted.ticket, profile))
        finally:
            self._finds.release()
        self._pipe.wake()

    async def _run_errand(self, frame: Errand) -> None:
        """What a person asked for; trade goes on meanwhile."""
        try:
            told = Told(frame.ticket, await self._served.ask_office(frame.asked))
            encode(told)
        except Exception:  # noqa: BLE001 - who asked hears of it, and nobody else
            _LOG.exception("the office could not answer")
            count_fault("office answer")
            told = Told(frame.ticket, OFFICE_FAULT)
        finally:
            self._errands -= 1
        self._tell(told)

    def _tell(self, told: Told) -> None:
        if self._is_open:
            self._frames.append(told)
            self._pipe.wake()

    async def _watch(self) -> str:
        """Notice a switch that is silent or that does not read."""
        while True:
            await trio.sleep(HELLO_SECONDS_MAX)
            if trio.current_time() - self._pipe.heard_at > SILENCE_SECONDS_MAX:
                return "nothing heard from the switch"
            if not self._pipe.is_trusted:
                return "its pin is no longer in our file"
            if len(self._answers) > ANSWERS_WAITING_MAX:
                return "the switch does not read its answers"

    def _answer(self, ticket: Ticket, response: Response) -> None:
        if self._is_open:
            self._answers.append((ticket, response))
            self._pipe.wake()

    def _gather(self) -> bytes:
        answers, self._answers = self._answers, []
        frames, self._frames = self._frames, []
        try:
            return b"".join(map(encode, [*frames, *_answers(answers)]))
        except Exception:  # noqa: BLE001 - one of them cannot cross: its asker hears nothing
            sound, broken = parted(Answers, answers)
        for _, answer in broken:
            _LOG.error("an answer cannot be written", rrn=answer.rrn)
            count_fault("answer")
        return b"".join(map(encode, [*frames, *_answers(sound)]))


def _answers(items: list[tuple[Ticket, Response]]) -> list[Answers]:
    return [Answers(items[at : at + ITEMS_MAX]) for at in range(0, len(items), ITEMS_MAX)]
