"""The switch's end of the link: ask, and be told later; many asks leave in one write.

`HostLink.ask` never waits. It takes a request only while the connection stands and the window
has room, and tells the asker exactly once what became of it: answered, never sent, or in doubt.
Tickets die with their connection, so an answer can never meet the wrong request after a restart.
"""

import functools
import random
import socket
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, NoReturn, Protocol

import msgspec
import structlog
import trio

from host.link.address import Address, connect
from host.link.credentials import Credentials
from host.link.frames import (
    ITEMS_MAX,
    Answers,
    Ask,
    Beat,
    Failed,
    Find,
    Found,
    Frame,
    Hello,
    LinkError,
    LinkReader,
    Ticket,
    check_hello,
    encode,
    parted,
)
from host.link.pipe import Pipe
from host.link.secure_pipe import RefusedError, SecurePipe
from host.model.requests import ANYBODYS_PART, KINDS, Request, Response, Traffic, traffic_of
from host.model.terminal import TerminalProfile

REFUSED_TOLD_SECONDS: Final = 60.0
"""How often the log tells of a host that does not take us, or that we do not take."""
EAGER_SECONDS: Final = 0.2
EAGER_TRIES: Final = 200
"""So often, some half a minute long, a first connection is tried without longer pauses."""
AT_WORK: Final = 32
"""With so many requests under way a host is at work on a batch, and the next is still to begin."""

_LOG = structlog.get_logger(__name__)


class Waiter(Protocol):
    """Who asked. Exactly one of these is called for each request taken, unless forgotten."""

    def answered(self, response: Response) -> None:
        """The host decided."""

    def unsent(self) -> None:
        """The link went down before a byte of it left: nothing has moved."""

    def in_doubt(self) -> None:
        """The link went down after it was sent: something may have moved."""


class Finder(Protocol):
    """Who asked for a terminal. Exactly one of these is called for each find taken."""

    def found(self, profile: TerminalProfile | None) -> None:
        """The host's word; None when it knows no such terminal."""

    def lost(self) -> None:
        """The host cannot say now, or the link went down first."""


class LinkLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much the link holds and how long it waits."""

    window_max: int = 8192
    """Requests of trade without an answer; beyond it none is taken, so that queues stay short."""
    sign_on_window_max: int = 16_384
    """The same of sign-ons, which anybody can send: they take no place of trade's."""
    desk_window_max: int = 2048
    """The same of everything else that no customer waits for."""
    beat_seconds: float = 2.0
    silence_seconds_max: float = 8.0
    """A link from which nothing is heard for so long is taken for dead."""
    hello_seconds_max: float = 5.0
    retry_seconds_min: float = 0.05
    retry_seconds_max: float = 2.0


class _Window(NamedTuple):
    """Who waits for answers of one traffic, and how many may."""

    waiters: dict[Ticket, Waiter]
    size: int


def _ignore_answer(_response: Response) -> None:
    """Nobody counts late answers."""


def _ignore_fault(_where: str) -> None:
    """Nobody counts faults."""


def _ignore_turn() -> None:
    """Nobody needs to know when a turn is over."""


def pause_after(failed: int, limits: LinkLimits, *, is_first: bool) -> float:
    """Seconds until the next try, after so many that failed before the one that just ended.

    Twice as long each time. Who has had no connection yet looks often for a while, for its host
    begins with it, and who waits for both is told of it as soon as it stands.
    """
    is_eager = is_first and failed < EAGER_TRIES
    longest = min(EAGER_SECONDS, limits.retry_seconds_max) if is_eager else limits.retry_seconds_max
    return min(limits.retry_seconds_min * 2.0 ** min(failed, 32), longest)


class HostLink:
    """One connection to one host, made again whenever it breaks.

    `on_unmatched` is told of an answer nobody waits for any more; `on_turn` is called once after
    all that one read, or one breakdown, brought has been handed out. `on_fault` counts what one
    request or one of its askers broke: it is logged, and no other hears of it.
    `credentials` are for a host on another machine.
    """

    def __init__(
        self,
        address: Address,
        limits: LinkLimits | None = None,
        *,
        on_unmatched: Callable[[Response], None] = _ignore_answer,
        on_turn: Callable[[], None] = _ignore_turn,
        on_fault: Callable[[str], None] = _ignore_fault,
        credentials: Credentials | None = None,
    ) -> None:
        assert address.is_tls == (credentials is not None), "TLS is spoken between machines"
        self._address = address
        self._credentials = credentials
        self._refused_told_at = -REFUSED_TOLD_SECONDS
        self._limits = limits or LinkLimits()
        self._on_unmatched = on_unmatched
        self._on_turn = on_turn
        self._on_fault = on_fault
        sizes = {
            Traffic.TRADE: self._limits.window_max,
            Traffic.SIGN_ONS: self._limits.sign_on_window_max,
            Traffic.DESK: self._limits.desk_window_max,
            Traffic.ANYBODYS: max(1, self._limits.desk_window_max // ANYBODYS_PART),
        }
        windows = {traffic: _Window({}, size) for traffic, size in sizes.items()}
        self._windows = {kind: windows[row.traffic] for kind, row in KINDS.items()}
        self._desk, self._anybodys = windows[Traffic.DESK], windows[Traffic.ANYBODYS]
        self._waiters = [window.waiters for window in windows.values()]
        """By window, trade first: most answers are its."""
        self._pipe: Pipe | None = None
        self._last_ticket: Ticket = 0
        self._outgoing: list[tuple[Ticket, Request]] = []
        self._outgoing_frames: list[Frame] = []
        self._finders: dict[Ticket, Finder] = {}
        self.connections_made = 0
        self.up = trio.Event()
        """Set when the first connection stands."""

    @property
    def is_up(self) -> bool:
        """Whether a connection stands now."""
        return self._pipe is not None

    @property
    def unanswered(self) -> int:
        """Requests taken and not yet answered or forgotten."""
        return sum(map(len, self._waiters))

    def ask(self, request: Request, waiter: Waiter) -> Ticket | None:
        """Take a request for the next write; None when the link is down or full."""
        pipe, window = self._pipe, self._windows[request.kind]
        if window is self._desk and traffic_of(request) is Traffic.ANYBODYS:
            window = self._anybodys
        waiters, size = window
        if pipe is None or len(waiters) >= size:
            return None
        ticket = self._last_ticket = self._last_ticket + 1
        waiters[ticket] = waiter
        self._outgoing.append((ticket, request))
        pipe.wake()
        return ticket

    def hold(self) -> None:
        """What is asked from here on leaves in one write when it is told to (`release`)."""
        if self._pipe is not None:
            self._pipe.hold()

    def release(self) -> None:
        """The end of a turn that began with `hold`."""
        if self._pipe is not None:
            self._pipe.release()

    def release_to_idle(self) -> None:
        """The same where the host has little to do; else what is held may wait for more.

        A host at work takes what comes meanwhile as one batch when it is done: to write to it
        twice brings nothing forward and wakes it twice.
        """
        if self.unanswered - len(self._outgoing) < AT_WORK:
            self.release()

    def forget(self, ticket: object) -> None:
        """Stop waiting: its answer, if one comes, goes to `on_unmatched`.

        By another's ticket nothing waits here.
        """
        if isinstance(ticket, int):
            self._pop(ticket)

    def find(self, terminal_id: str, finder: Finder) -> bool:
        """Ask who a terminal is; False when the link is down."""
        pipe = self._pipe
        if pipe is None:
            return False
        ticket = self._last_ticket = self._last_ticket + 1
        self._finders[ticket] = finder
        self._outgoing_frames.append(Find(ticket, terminal_id))
        pipe.wake()
        return True

    async def run(self) -> NoReturn:
        """Keep a connection standing, for ever."""
        failed, told = 0, ""
        while True:
            made = self.connections_made
            reason = await self._connect_and_serve()
            if self.connections_made > made:
                failed, told = 0, ""
                _LOG.warning("host link lost", address=str(self._address), why=reason)
            elif reason != told or failed > EAGER_TRIES:
                told = reason
                _LOG.info("host not reached", address=str(self._address), why=reason)
            pause = pause_after(failed, self._limits, is_first=self.connections_made == 0)
            failed += 1
            await trio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    async def _connect_and_serve(self) -> str:
        """One connection from beginning to end; returns why it ended."""
        try:
            with trio.fail_after(self._limits.hello_seconds_max):
                pipe = self._pipe_of(await connect(self._address))
        except (OSError, trio.TooSlowError) as error:
            return str(error) or "no answer to connect"
        reader = LinkReader()
        try:
            with trio.fail_after(self._limits.hello_seconds_max):
                await pipe.open()
                await pipe.send(encode(Hello()))
                early = await _greeted(pipe, reader)
            self._open(pipe)
            self._hand_out(early)
            return await self._serve(pipe, reader)
        except trio.TooSlowError:
            return "no hello from the host"
        except (OSError, LinkError) as error:
            self._tell_refusal(error)
            return str(error)
        finally:
            pipe.close()
            self._break()

    def _pipe_of(self, sock: socket.socket) -> Pipe:
        if self._credentials is None:
            return Pipe(sock, self._gather)
        return SecurePipe(sock, self._gather, self._credentials)

    def _tell_refusal(self, error: Exception) -> None:
        """Say it loud, though not each time: what does not know each other never will by itself."""
        now = trio.current_time()
        if isinstance(error, RefusedError) and now - self._refused_told_at >= REFUSED_TOLD_SECONDS:
            self._refused_told_at = now
            _LOG.error("no link to the host", address=str(self._address), why=str(error))

    async def _serve(self, pipe: Pipe, reader: LinkReader) -> str:
        reason = "cancelled"

        async def until_it_ends(part: Callable[[], Awaitable[object]]) -> None:
            nonlocal reason
            try:
                reason = str(await part())
            except (OSError, LinkError) as error:
                reason = str(error)
            except Exception as error:  # noqa: BLE001 - the connection ends, and is made again
                _LOG.exception("the host link failed")
                self._on_fault("host link")
                reason = type(error).__name__
            nursery.cancel_scope.cancel()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(until_it_ends, pipe.write_gathered)
            nursery.start_soon(until_it_ends, lambda: self._beat(pipe))
            nursery.start_soon(until_it_ends, lambda: self._listen(pipe, reader))
        return reason

    async def _listen(self, pipe: Pipe, reader: LinkReader) -> str:
        while data := await pipe.receive():
            self._hand_out(reader.feed(data))
        return "closed by the host"

    async def _beat(self, pipe: Pipe) -> str:
        while trio.current_time() - pipe.heard_at < self._limits.silence_seconds_max:
            if not pipe.is_trusted:
                return "the host's pin is no longer in our file"
            self._outgoing_frames.append(Beat())
            pipe.wake()
            await trio.sleep(self._limits.beat_seconds)
        return "nothing heard from the host"

    def _open(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.connections_made += 1
        _LOG.info("host link up", address=str(self._address), host=pipe.peer)
        self.up.set()

    def _gather(self) -> bytes:
        """All that waits to be sent, as frames: from here on it counts as sent."""
        items, self._outgoing = self._outgoing, []
        frames, self._outgoing_frames = self._outgoing_frames, []
        try:
            return b"".join(map(encode, [*frames, *_asks(items)]))
        except Exception:  # noqa: BLE001 - one of them cannot cross the link
            sound = self._without_broken(items)
        return b"".join(map(encode, [*frames, *_asks(sound)]))

    def _without_broken(self, items: list[tuple[Ticket, Request]]) -> list[tuple[Ticket, Request]]:
        """Those that can be written; whoever asked one of the others hears that it never left."""
        sound, broken = parted(Ask, items)
        for ticket, request in broken:
            _LOG.error("a request cannot be written", key=request.key.text)
            self._on_fault("request")
            if waiter := self._pop(ticket):
                self._tell(waiter.unsent)
        return sound

    def _hand_out(self, frames: list[Frame]) -> None:
        for frame in frames:
            match frame:
                case Answers(items):
                    self._answer(items)
                case Found(ticket, profile):
                    if finder := self._finders.pop(ticket, None):
                        self._tell(functools.partial(finder.found, profile))
                case Failed(ticket):
                    if finder := self._finders.pop(ticket, None):
                        self._tell(finder.lost)
                case Beat():
                    pass
                case _:
                    raise LinkError(f"the host sent a switch's frame: {type(frame).__name__}")
        self._on_turn()

    def _answer(self, items: list[tuple[Ticket, Response]]) -> None:
        trade = self._waiters[0]
        for ticket, response in items:
            waiter = trade.pop(ticket, None) or self._pop(ticket)
            try:
                if waiter is None:
                    self._on_unmatched(response)
                else:
                    waiter.answered(response)
            except Exception:  # noqa: BLE001 - the others are to hear theirs
                self._note_fault()

    def _tell(self, what: Callable[[], None]) -> None:
        """Tell one of them; what that breaks keeps no other from hearing."""
        try:
            what()
        except Exception:  # noqa: BLE001 - as above
            self._note_fault()

    def _note_fault(self) -> None:
        _LOG.exception("an answer of the host could not be taken")
        self._on_fault("answer")

    def _pop(self, ticket: Ticket) -> Waiter | None:
        """Who waits by this ticket, and waits no longer."""
        for waiters in self._waiters:
            waiter = waiters.pop(ticket, None)
            if waiter is not None:
                return waiter
        return None

    def _break(self) -> None:
        """Tell everyone who waits what became of their request; nothing survives."""
        self._pipe = None
        unsent = {ticket for ticket, _ in self._outgoing}
        broken = [one for waiters in self._waiters for one in waiters.items()]
        for waiters in self._waiters:
            waiters.clear()
        finders, self._finders = self._finders, {}
        self._outgoing = []
        self._outgoing_frames = []
        for ticket, waiter in broken:
            self._tell(waiter.unsent if ticket in unsent else waiter.in_doubt)
        for finder in finders.values():
            self._tell(finder.lost)
        self._on_turn()


def _asks(items: list[tuple[Ticket, Request]]) -> list[Ask]:
    return [Ask(items[at : at + ITEMS_MAX]) for at in range(0, len(items), ITEMS_MAX)]


async def _greeted(pipe: Pipe, reader: LinkReader) -> list[Frame]:
    """Wait for the host's hello; returns what came with it.

    Raises:
        LinkError: another version, or no hello.
    """
    while data := await pipe.receive():
        if frames := reader.feed(data):
            check_hello(frames[0])
            return frames[1:]
    raise LinkError("closed by the host before its hello")
