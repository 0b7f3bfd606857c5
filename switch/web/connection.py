"""Connections of browsers: HTTP/2 where TLS agreed to it, else HTTP/1.1, each on its own.

Hypercorn speaks both. What it leaves to whoever serves by it is held here: a fault in one
connection ends that one alone; a body that nobody reads any more, for the answer is out, is let go;
a request of HTTP/2 that is none is answered as such; and in clear nobody goes on to HTTP/2, which
no browser does and RFC 9113 has no upgrade to any more.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final, NoReturn

import h11
import structlog
import trio
from h2.events import DataReceived, RequestReceived
from h2.events import Event as H2Event
from hypercorn.config import Config, Sockets
from hypercorn.events import Closed, Event
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.events import Response
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ASGIReceiveEvent, ASGISendEvent, ConnectionState, Scope
from hypercorn.utils import parse_socket_addr, wrap_app
from starlette.types import ASGIApp

CONNECT: Final = b"CONNECT"
"""Asks for a tunnel: here is none, whatever it is to carry."""
HEAD: Final = "HEAD"
LAST: Final[ASGISendEvent] = {"type": "http.response.body", "body": b"", "more_body": False}
HTTP2: Final = "h2"
"""As TLS calls it where both sides have agreed to it (RFC 7301)."""
FRAMES: Final = (b"content-length", b"transfer-encoding")
"""By which of these a request says that it has a body (RFC 9112, 6)."""
TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a method is written with (RFC 9110, 5.6.2)."""
TARGET: Final = re.compile(rb"[!-~]+")
"""What a path and its query are written with, at most: visible ASCII."""

_LOG = structlog.get_logger(__name__)


async def serve_browsers(app: ASGIApp, config: Config, sockets: Sockets) -> NoReturn:
    """Serve what comes to these sockets, which listen already, until cancelled."""
    asked: Any = app  # by the same protocol, which starlette and hypercorn type each in its own way
    wrapped = wrap_app(asked, 0, "asgi")
    served = partial(Connection, wrapped, config, WorkerContext(None), {})
    plain = [_listener(one) for one in sockets.insecure_sockets]
    secure = [_Secure(_listener(one), config) for one in sockets.secure_sockets]
    await trio.serve_listeners(served, [*plain, *secure])


def _listener(bound: Any) -> trio.SocketListener:
    return trio.SocketListener(trio.socket.from_stdlib_socket(bound))


class _Secure(trio.abc.Listener[trio.SSLStream[trio.SocketStream]]):
    """Each connection by the certificate there is when it comes: a reload may bring another."""

    def __init__(self, listener: trio.SocketListener, config: Config) -> None:
        self._listener = listener
        self._config = config

    async def accept(self) -> trio.SSLStream[trio.SocketStream]:
        stream = await self._listener.accept()
        context = self._config.create_ssl_context()
        assert context is not None, "it is secure by one"
        return trio.SSLStream(stream, context, server_side=True, https_compatible=True)

    async def aclose(self) -> None:
        await self._listener.aclose()


class Connection(TCPServer):
    """One: whatever happens in it is no other's trouble."""

    async def run(self) -> None:
        """To its end, and no fault of it comes out."""
        try:
            await _on_its_own(self._spoken)
        finally:
            await _on_its_own(self._close)

    async def protocol_send(self, event: Event) -> None:
        """What goes out, unless it is being closed for what came in meanwhile."""
        try:
            await super().protocol_send(event)
        except trio.BusyResourceError:
            await self.protocol.handle(Closed())

    async def _spoken(self) -> None:
        """As hypercorn has it, but for what it is spoken by."""
        protocol: type[H2Protocol | H11Protocol] = Http1
        is_secure = isinstance(self.stream, trio.SSLStream)
        transport: Any = self.stream
        if is_secure:
            try:
                with trio.fail_after(self.config.ssl_handshake_timeout):
                    await self.stream.do_handshake()
            except (trio.BrokenResourceError, trio.TooSlowError):
                return
            transport = self.stream.transport_stream
            protocol = Http2 if self.stream.selected_alpn_protocol() == HTTP2 else Http1
        socket = transport.socket
        client = parse_socket_addr(socket.family, socket.getpeername())
        server = parse_socket_addr(socket.family, socket.getsockname())
        async with _Requests() as self._task_group:
            self.protocol = protocol(  # type: ignore[assignment]
                self.app,
                self.config,
                self.context,
                self._task_group,
                ConnectionState(self.state.copy()),
                is_secure,
                client,
                server,
                self.protocol_send,
            )
            await self.protocol.initiate()
            await self.idle_task.restart(self._task_group, self._idle_timeout)
            await self._read_data()


async def _on_its_own(part: Callable[[], Awaitable[None]]) -> None:
    try:
        await part()
    except* OSError:
        pass  # whoever was there is gone
    except* Exception:  # noqa: BLE001 - one connection's trouble is not the front's
        _LOG.exception("a connection failed")


class _Requests(TaskGroup):
    """What is asked in one connection."""

    async def spawn_app(
        self, app: AppWrapper, config: Config, scope: Scope, send: Callable[..., Awaitable[None]]
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """One request; gives where its body is put, and that nobody waits for its answer."""
        is_head = scope["type"] == "http" and scope["method"] == HEAD
        request = _Request(config.max_app_queue_size, send, is_head=is_head)
        assert self._nursery is not None, "it is open while it is asked"
        self._nursery.start_soon(request.answer, app, scope)
        return request.put


class _Request:
    """One: its body goes in, its answer comes out."""

    def __init__(
        self, events_max: int, send: Callable[..., Awaitable[None]], *, is_head: bool
    ) -> None:
        self._into, self._out_of = trio.open_memory_channel[ASGIReceiveEvent](events_max)
        self._send, self._is_head, self._is_sent = send, is_head, False
        self._sender: trio.lowlevel.Task | None = None
        self._end: ASGIReceiveEvent | None = None

    async def answer(self, app: AppWrapper, scope: Scope) -> None:
        """To its end; what is cut off half way is cut off for who reads it, too."""
        try:
            threads = trio.to_thread.run_sync, trio.from_thread.run
            await app(scope, self._out_of.receive, self.send, *threads)
        except* Exception as cut:  # noqa: BLE001 - what went wrong is in the log already
            _LOG.info("an answer was cut off", why=type(cut.exceptions[0]).__name__)
        finally:
            await self._send(None)

    async def send(self, message: ASGISendEvent) -> None:
        """A part of the answer; who asked for its head alone has all of it with the first.

        After the last the connection is closed or kept, before it returns: who hears that it is
        over stops at once, and would stop that as well.
        """
        if self._is_sent:
            return
        self._is_sent = self._is_head and message["type"] == "http.response.start"
        self._sender = trio.lowlevel.current_task()
        try:
            await self._send(message)
            if self._is_sent:
                await self._send(LAST)
        finally:
            self._sender = None
            self._tell_end()

    async def put(self, event: ASGIReceiveEvent) -> None:
        """A part of the body, once there is room; or that it is over, which needs none."""
        if not event["type"].endswith(".disconnect"):
            await self._into.send(event)
            return
        with suppress(trio.WouldBlock):
            while True:  # nobody takes it any more, and who puts it here waits for room
                self._out_of.receive_nowait()
        self._end = event
        if trio.lowlevel.current_task() is not self._sender:
            self._tell_end()

    def _tell_end(self) -> None:
        if self._end is not None:
            self._into.send_nowait(self._end)
            self._end = None


class Http1(H11Protocol):
    """HTTP/1.1, and never anything else."""

    def __init__(self, app: AppWrapper, config: Config, *more: Any) -> None:
        super().__init__(app, config, *more)
        self.connection = _Bytes1(h11.SERVER, config.h11_max_incomplete_size)

    _has_body = False
    """Whether what is asked now has one."""

    async def _check_protocol(self, event: h11.Request) -> None:
        """Whoever asks for another is answered in this one (RFC 9110, 7.8)."""
        self._has_body = any(name in FRAMES and value != b"0" for name, value in event.headers)

    async def stream_send(self, event: StreamEvent) -> None:
        """An answer that is out before the body is in says that it is the last (RFC 9112, 9.6).

        The connection is closed behind it: whoever is not told so asks the next in it.
        """
        is_before = self._has_body and self.connection.their_state is h11.SEND_BODY
        if isinstance(event, Response) and is_before:
            event = replace(event, headers=[*event.headers, (b"connection", b"close")])
        await super().stream_send(event)


class _Bytes1(h11.Connection):
    """What comes behind the last request is let lie, and cuts no answer to it off."""

    def receive_data(self, data: bytes) -> None:
        if not data or self.their_state is not h11.MUST_CLOSE:
            super().receive_data(data)

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if self.their_state is h11.MUST_CLOSE:
            return h11.NEED_DATA
        return super().next_event()


class Http2(H2Protocol):
    """HTTP/2, in which a request may be none, and a body outlast its answer."""

    async def _handle_events(self, events: list[H2Event]) -> None:
        for event in events:
            if isinstance(event, RequestReceived) and not is_request(event.headers or ()):
                told = [(b":status", b"400"), *self.config.response_headers(HTTP2)]
                self.connection.send_headers(event.stream_id, told, end_stream=True)
            elif isinstance(event, DataReceived) and event.stream_id not in self.streams:
                self.connection.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id
                )
            else:
                await super()._handle_events([event])
        await self._flush()


def is_request(headers: Iterable[Any]) -> bool:
    """Whether there is a method of ours, and something that it is asked of."""
    told = dict(headers)
    method, path = told.get(b":method", b""), told.get(b":path", b"")
    return method != CONNECT and bool(TOKEN.fullmatch(method) and TARGET.fullmatch(path))
