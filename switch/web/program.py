"""The web front put together: its routes, its listener, its link; until it is cancelled."""

import errno
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, NoReturn

import msgspec
import trio
from hypercorn.config import Config, Sockets
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from host.link.address import Address
from host.link.credentials import Credentials
from host.link.ports import port_error
from host.page import Page
from switch.seat.seats import Seats
from switch.web.api import Api
from switch.web.api_pages import ApiPages
from switch.web.bounded import Bounded
from switch.web.certificates import CHANNEL, Certified, context_of
from switch.web.connection import serve_browsers
from switch.web.counters.clerk import ClerkPages
from switch.web.counters.selling import SeatPages
from switch.web.desk import Desk, HostAwayError, InDoubtError
from switch.web.doing import Doing
from switch.web.door import Door
from switch.web.failing import Failing
from switch.web.guard import Guard
from switch.web.lists import Lists
from switch.web.live import Live
from switch.web.member_doing import MemberDoing
from switch.web.member_door import MemberDoor
from switch.web.metrics import PREFIX, Measured, WebMetrics
from switch.web.pictures import Pictures
from switch.web.public import Public
from switch.web.screened import Screened
from switch.web.sealed import Sealed
from switch.web.spoken import Chinese
from switch.web.target import Targeted
from switch.web.visits import Visits
from switch.web.voucher_link import VoucherLink
from switch.web_settings import LOOPBACK_NAMES, USUAL_PORT, WebSettings
from switch.wire.dated import Ends
from terminals.web.pages import STATIC

KEEP_ALIVE_SECONDS: Final = 30.0

OnReady = Callable[[list[str]], None]


RELOADED: Final = frozenset({"sign_ins_a_minute", "body_bytes_max", "export_rows_max"})
"""Settings that a running front takes; others wait for a restart."""
CHOSEN: Final = frozenset({"is_on", "port"})
"""What whoever starts a front chooses where the settings do not say it."""


class WebFront:
    """One front put together: what is served, and what runs beside it."""

    def __init__(
        self, settings: WebSettings, desk: Desk, credentials: Credentials | None = None
    ) -> None:
        self.credentials = credentials
        self.address = ""
        """Of its pages, once it listens."""
        self.metrics = WebMetrics()
        self.ends = Ends(self.metrics.registry, f"{PREFIX}tls_good_until_seconds")
        self._config: Config | None = None
        self.desk, self.live = desk, Live()
        self.seats = Seats(settings)
        self.visits = Visits(self.desk, Guard(is_secure=settings.tls is not None), settings)
        self.door = Door(self.visits)
        self.metrics.listening.set_function(lambda: self.live.heard)
        self.metrics.link_up.set_function(lambda: self.desk.is_linked)
        self.page = Page(
            self.metrics.registry, {"the host can be asked": lambda: self.desk.is_linked}
        )

    @property
    def settings(self) -> WebSettings:
        """As it goes by them now."""
        return self.visits.settings

    def serve_by(self, config: Config) -> None:
        """What hypercorn is told, in which a reload puts what new connections are shown."""
        self._config = config
        self._use_ends()

    def reload(self, told: WebSettings) -> list[str]:
        """Take other limits, and read the files of TLS again, for connections from now on.

        Gives the settings that differ and wait for a restart.

        Raises:
            TlsFileError: one of the files cannot be used, and nothing has changed.
        """
        held = self.settings
        differ = [name for name in told.__struct_fields__ if _is_another(told, held, name)]
        taken = {name: getattr(told, name) for name in differ if name in RELOADED}
        if self._config is not None and held.tls is not None and told.tls is not None:
            show(self._config, context_of(told.tls, self._config))
            taken["tls"] = told.tls
        self.visits.settings = msgspec.structs.replace(held, **taken)
        self._use_ends()
        self.door.limit()
        return [f"web.{name}" for name in differ if name not in taken]

    def _use_ends(self) -> None:
        self.ends.use([(CHANNEL, self.settings.tls)])
        self.ends.use_link(self.credentials)

    async def run(self) -> None:
        """What runs beside the listener, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.desk.run)
            nursery.start_soon(self.live.run)
            nursery.start_soon(self.seats.run)
            nursery.start_soon(self.page.run)
            nursery.start_soon(self.ends.watch)


def _is_another(told: WebSettings, held: WebSettings, name: str) -> bool:
    """Whether a setting is another than it was begun with; one that is not said was chosen then."""
    value = getattr(told, name)
    return value != getattr(held, name) and not (value is None and name in CHOSEN)


def application(front: WebFront) -> Starlette:
    """Everything that is served; the front is run beside it."""
    visits, door, desk, live = front.visits, front.door, front.desk, front.live
    settings, guard = front.settings, front.visits.guard
    screened = Screened(visits, live)
    routes: list[BaseRoute] = [
        *door.routes(),
        *Lists(visits).routes(),
        *Pictures(visits).routes(),
        *Doing(visits).routes(),
        *MemberDoor(visits, door.sign_ins).routes(),
        *MemberDoing(visits, screened).routes(),
        *Public(visits).routes(),
        *screened.routes(),
        *ApiPages(visits).routes(),
        *VoucherLink(visits, door.sign_ins).routes(),
        *SeatPages(visits, front.seats, live).routes(),
        *ClerkPages(visits).routes(),
        *Api(desk, door.sign_ins).routes(),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    handlers: dict[Any, Any] = {
        HTTPException: visits.fail,
        HostAwayError: visits.fail,
        InDoubtError: visits.fail,
    }
    return Starlette(
        routes=routes,
        exception_handlers=handlers,
        middleware=[
            Middleware(Measured, metrics=front.metrics, places=_places(routes)),
            Middleware(Sealed, headers=guard.headers),
            Middleware(Failing, told=visits.fail),
            Middleware(Targeted, names=[*LOOPBACK_NAMES, *settings.names], told=visits.fail),
            Middleware(Certified, visits=visits, roles=lambda: visits.settings.certificate_roles),
            Middleware(Bounded, bytes_max=lambda: visits.settings.body_bytes_max, told=visits.fail),
        ],
    )


async def run_web(
    settings: WebSettings,
    address: Address,
    credentials: Credentials | None,
    *,
    on_ready: OnReady,
    beside: Callable[[WebFront], Awaitable[None]] | None = None,
    chinese: Chinese = str,
) -> NoReturn:
    """Serve browsers until cancelled; `chinese` says what the office says in English alone.

    Raises:
        PortError: it cannot listen there.
        TlsFileError: the certificate or another of its files is unusable.
    """
    config, sockets = _listening(settings)
    scheme = "https" if settings.tls is not None else "http"
    bound = [*sockets.secure_sockets, *sockets.insecure_sockets][0]
    front = WebFront(settings, Desk(address, credentials, chinese), credentials)
    front.serve_by(config)
    app = application(front)
    if settings.metrics_port is not None:
        front.page.open(settings.metrics_host, settings.metrics_port)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(front.run)
        if beside is not None:
            nursery.start_soon(beside, front)
        bound.listen(config.backlog)  # who is told the address may come at once
        front.address = f"{scheme}://{settings.host}:{bound.getsockname()[1]}/"
        on_ready([f"web on {front.address}"])
        await serve_browsers(app, config, sockets)
    raise AssertionError("it serves until it is cancelled")


def _places(routes: Iterable[BaseRoute]) -> frozenset[str]:
    """The first parts of all paths there are."""
    paths = [str(getattr(one, "path", "/")) for one in routes]
    return frozenset(path.split("/", 2)[1] for path in paths if path.startswith("/"))


def _listening(settings: WebSettings) -> tuple[Config, Sockets]:
    """At the port that is told; at any, where none is told and somebody has the usual one.

    Raises:
        PortError: it cannot listen there.
    """
    port = USUAL_PORT if settings.port is None else settings.port
    usual = config_of(settings, port)
    try:
        return usual, usual.create_sockets()
    except OSError as error:
        if settings.port is not None or error.errno != errno.EADDRINUSE:
            raise port_error("the web front", settings.host, port, error) from None
    free = config_of(settings, 0)
    return free, free.create_sockets()


def config_of(settings: WebSettings, port: int) -> Config:
    """As hypercorn is told."""
    config = Config()
    config.bind = [f"{settings.host}:{port}"]
    config.accesslog = config.errorlog = None
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.include_server_header = False
    tls = settings.tls
    if tls is not None:
        config.certfile, config.keyfile = tls.certificate, tls.key
        show(config, context_of(tls, config))
    return config


def show(config: Config, context: ssl.SSLContext) -> None:
    """Have this shown to new connections."""
    config.create_ssl_context = lambda: context  # type: ignore[method-assign]
