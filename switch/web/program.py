"""The web front put together: its routes, its listener, its link; until it is cancelled."""

import errno
import ssl
from collections.abc import Callable
from typing import Any, Final, NoReturn

import trio
from hypercorn.config import Config, Sockets
from hypercorn.trio import serve
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from host.link.address import Address
from host.link.credentials import Credentials
from switch.web.api import Api
from switch.web.bounded import Bounded
from switch.web.desk import Desk, HostAwayError, InDoubtError
from switch.web.doing import Doing
from switch.web.door import Door
from switch.web.guard import Guard
from switch.web.lists import Lists
from switch.web.live import Live
from switch.web.member_doing import MemberDoing
from switch.web.member_door import MemberDoor
from switch.web.public import Public
from switch.web.screened import Screened
from switch.web.sealed import Sealed
from switch.web.visits import Visits
from switch.web_settings import LOOPBACK_NAMES, USUAL_PORT, WebSettings
from terminals.web.pages import STATIC

GRACE_SECONDS: Final = 3.0
"""How long a page that is being made may take once the front is to stop."""
KEEP_ALIVE_SECONDS: Final = 30.0

OnReady = Callable[[list[str]], None]


def application(desk: Desk, live: Live, settings: WebSettings) -> Starlette:
    """Everything that is served; `desk` and `live` are run beside it."""
    guard = Guard(is_secure=settings.tls is not None)
    visits = Visits(desk, guard, settings)
    door = Door(visits)
    routes: list[BaseRoute] = [
        *door.routes(),
        *Lists(visits).routes(),
        *Doing(visits).routes(),
        *MemberDoor(visits, door.sign_ins).routes(),
        *MemberDoing(visits).routes(),
        *Public(visits).routes(),
        *Screened(visits, live).routes(),
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
            Middleware(Sealed, headers=guard.headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK_NAMES, *settings.names]),
            Middleware(Bounded, bytes_max=settings.body_bytes_max),
        ],
    )


async def run_web(
    settings: WebSettings,
    address: Address,
    credentials: Credentials | None,
    *,
    on_ready: OnReady,
) -> NoReturn:
    """Serve browsers until cancelled.

    Raises:
        OSError: it cannot listen there.
        ssl.SSLError: the certificate or key is unusable.
    """
    config, sockets = _listening(settings)
    scheme = "https" if settings.tls is not None else "http"
    bound = [*sockets.secure_sockets, *sockets.insecure_sockets][0]
    desk, live = Desk(address, credentials), Live()
    app: Any = application(desk, live, settings)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.run)
        nursery.start_soon(live.run)
        bound.listen(config.backlog)  # who is told the address may come at once
        config.create_sockets = lambda: sockets  # type: ignore[method-assign]
        address_of_pages = f"{scheme}://{settings.host}:{bound.getsockname()[1]}/"
        on_ready([f"web on {address_of_pages}"])
        await serve(app, config, shutdown_trigger=trio.sleep_forever, mode="asgi")
    raise AssertionError("it serves until it is cancelled")


def _listening(settings: WebSettings) -> tuple[Config, Sockets]:
    """At the port that is told; at any, where none is told and somebody has the usual one.

    Raises:
        OSError: it cannot listen there.
    """
    usual = config_of(settings, USUAL_PORT if settings.port is None else settings.port)
    try:
        return usual, usual.create_sockets()
    except OSError as error:
        if settings.port is not None or error.errno != errno.EADDRINUSE:
            raise
    free = config_of(settings, 0)
    return free, free.create_sockets()


def config_of(settings: WebSettings, port: int) -> Config:
    """As hypercorn is told."""
    config = Config()
    config.bind = [f"{settings.host}:{port}"]
    config.accesslog = config.errorlog = None
    config.graceful_timeout = GRACE_SECONDS
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.include_server_header = False
    tls = settings.tls
    if tls is not None:
        config.certfile, config.keyfile = tls.certificate, tls.key
        if tls.client_ca is not None:
            config.ca_certs = tls.client_ca
            config.verify_mode = (
                ssl.VerifyMode.CERT_REQUIRED if tls.require_client else ssl.VerifyMode.CERT_OPTIONAL
            )
    return config
