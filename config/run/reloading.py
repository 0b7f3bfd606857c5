"""A switch process that takes other channels while it runs: on SIGHUP, or when it is asked.

The settings file is read again, whole. What is wrong in it is told with key and cure, and then
nothing changes. Only `[[channels]]` can change in a running process; what else differs is named
as waiting for a restart.
"""

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog
import trio

from config.errors import SETTINGS_WRONG, OperatorError, code_of, exit_status_of
from config.places import Places
from config.run.applied import keep_applied
from config.run.asking import Names
from config.run.control import Answers, Reread, stand_by
from config.run.look import Look, look_at_switch
from config.run.naming import names_of_switch
from config.run.orders import Orders
from config.run.recording import record_to
from config.settings import Settings, load_settings, resolved
from host.link.credentials import CredentialsError
from switch.program import Switch
from switch.reload import ReloadError, What
from switch.settings import ChannelSettings

_LOG = structlog.get_logger(__name__)
SAYS: Final[Mapping[What, str]] = {
    What.KEPT: "{}: unchanged, {}",
    What.ADJUSTED: "{}: changed in place, {}",
    What.REPLACED: "{}: changed; its connections drain and come again, {}",
    What.OPENED: "{}: opened, {}",
    What.DRAINED: "{}: drains",
}
"""A channel's lot in words, with its name and where it listens."""


class Reloader:
    """Reads the settings again for one switch process."""

    def __init__(self, places: Places, orders: Orders) -> None:
        self._places = places
        self._orders = orders

    async def stand_by(self, switch: Switch, control: socket.socket) -> None:
        """Reload at every signal, and answer whoever asks, for ever."""

        async def reload() -> Reread:
            return self.reload(switch)

        async def look() -> Look:
            return await look_at_switch(switch, self._orders.number)

        async def names(kind: str, beginning: str) -> Names:
            return names_of_switch(switch, kind, beginning)

        async def record(about: str, stream: trio.SocketStream) -> None:
            await record_to(switch, about, stream)

        answers = Answers(reload=reload, look=look, names=names, record=record)
        await stand_by(control, answers)

    def reload(self, switch: Switch) -> Reread:
        """Put the file's channels to work, or change nothing."""
        orders = self._orders
        try:
            told = load_settings(Path(orders.file) if orders.file else self._places.settings)
            ours = resolved(told, self._places, port=orders.port, number=orders.number)
            waiting = _waiting_for_restart(switch, ours)
            held = switch.credentials and switch.credentials.read()
            plan = switch.reload(ours.switch.channels)
        except (OperatorError, ReloadError, CredentialsError) as error:
            is_ours = isinstance(error, OperatorError)
            _LOG.error("settings not reloaded, nothing changed", why=str(error))
            return Reread(
                number=orders.number,
                error=str(error),
                code=code_of(error),
                exit_status=exit_status_of(error) if is_ours else SETTINGS_WRONG,
            )
        if switch.credentials and held:
            switch.credentials.use(held)
        kept = self._kept(told.switch.channels)
        places = dict(switch.addresses())
        lines = [
            SAYS[change.what].format(change.settings.name, places.get(change.settings.name))
            for change in plan
        ]
        if held:
            lines.append(f"switch: {len(held.pins)} pins on the tls: link")
        if kept:
            lines.append(kept)
        if waiting:
            lines.append(f"waiting for a restart: {', '.join(waiting)}")
        return Reread(number=orders.number, lines=tuple(lines))

    def _kept(self, channels: Sequence[ChannelSettings]) -> str:
        """Keep what is at work now; what to say where it cannot be kept, for it is at work."""
        try:
            keep_applied(self._places, channels)
        except OSError as error:
            _LOG.error("channels are at work but not kept", why=str(error))
            return (
                f"at work, but not kept for a process that is started again ({error}). "
                "Next: make room there and reload once more"
            )
        return ""


def _waiting_for_restart(switch: Switch, ours: Settings) -> list[str]:
    """Settings of the switch that differ and cannot be changed while it runs."""
    return [
        f"switch.{name}"
        for name in ours.switch.__struct_fields__
        if name != "channels" and getattr(ours.switch, name) != getattr(switch.settings, name)
    ]
