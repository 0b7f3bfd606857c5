"""What people look at, asked of a process that does nothing else: this interpreter is trade's.

While that process is away (it has just been started, or has ended and comes again), the clerks of
this one read as they would without it.
"""

from typing import Final, NoReturn

import structlog
import trio

from host.link.address import Address
from host.link.frames import LinkError
from host.link.office import OfficeLink, opened_office
from host.metrics import count_fault
from host.model.office import Asked, Refused, Told
from host.office.refusals import AWAY, FAULT, Refusal, told_of

PAUSE_SECONDS: Final = 0.5
"""Between two tries to reach it."""

_LOG = structlog.get_logger(__name__)


class ReadsApart:
    """A connection to it, opened again whenever it ends."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._link: OfficeLink | None = None

    async def run(self) -> NoReturn:
        """Keep a connection, until cancelled."""
        while True:
            try:
                async with opened_office(self._address) as link:
                    self._link = link
                    await link.ended.wait()
                _LOG.error("who reads for people has ended; it is started again")
                count_fault("office reader")
            except (OSError, LinkError, trio.TooSlowError) as error:
                _LOG.warning("who reads for people cannot be reached", why=str(error))
            finally:
                self._link = None
            await trio.sleep(PAUSE_SECONDS)

    async def ask(self, asked: Asked) -> Told | None:
        """What it tells; None while there is nobody to be asked."""
        if self._link is None:
            return None
        try:
            told = await self._link.ask(asked)
        except (OSError, LinkError):
            return told_of(Refusal(AWAY))
        if isinstance(told, Refused) and told.code == FAULT.code:
            count_fault("office")
        return told
