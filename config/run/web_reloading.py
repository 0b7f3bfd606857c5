"""A web front takes other limits while it runs: on SIGHUP, or when it is asked."""

import socket
from pathlib import Path

import msgspec
import structlog
import trio

from config.errors import SETTINGS_WRONG, OperatorError, code_of, exit_status_of
from config.places import Places
from config.run.asking import WEB, Names
from config.run.control import Answers, Reread, stand_by
from config.run.look import Look, look_at_web
from config.run.orders import Orders
from config.settings import load_settings, resolved
from host.link.credentials import CredentialsError
from switch.web.program import WebFront
from switch.wire.tls import TlsFileError

_LOG = structlog.get_logger(__name__)


class WebReloader:
    """Reads the settings again for one front."""

    def __init__(self, places: Places, orders: Orders) -> None:
        self._places = places
        self._orders = orders

    async def stand_by(self, front: WebFront, control: socket.socket) -> None:
        """Reload at every signal, and answer whoever asks, for ever."""

        async def reload() -> Reread:
            return self.reload(front)

        async def look() -> Look:
            return await look_at_web(front)

        async def names(_kind: str, _beginning: str) -> Names:
            await trio.lowlevel.checkpoint()
            return []

        await stand_by(control, Answers(reload=reload, look=look, names=names))

    def reload(self, front: WebFront) -> Reread:
        """Put the file's limits to work, or change nothing."""
        try:
            orders = self._orders
            told = load_settings(Path(orders.file) if orders.file else self._places.settings)
            held = front.credentials and front.credentials.read()
            ours = resolved(told, self._places, port=orders.port).web
            if not ours.seats_call:  # the port was any, and is the one that the channel took
                ours = msgspec.structs.replace(ours, seats_call=front.settings.seats_call)
            waiting = front.reload(ours)
        except (OperatorError, CredentialsError, TlsFileError) as error:
            _LOG.error("settings not reloaded, nothing changed", why=str(error))
            is_ours = isinstance(error, OperatorError)
            return Reread(
                number=WEB,
                error=str(error),
                code=code_of(error),
                exit_status=exit_status_of(error) if is_ours else SETTINGS_WRONG,
            )
        lines = ["web: its limits and certificates are those of the settings"]
        if front.credentials and held:
            front.credentials.use(held)
            lines.append(f"web: {len(held.pins)} pins on the tls: link")
        if waiting:
            lines.append(f"waiting for a restart: {', '.join(waiting)}")
        return Reread(number=WEB, lines=tuple(lines))
