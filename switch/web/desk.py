"""The front's side of the link: one connection to the host, opened again whenever it ends."""

import time
from collections import OrderedDict
from typing import Final

import structlog
import trio

from host.link.address import Address
from host.link.credentials import Credentials
from host.link.frames import LinkError
from host.link.office import OfficeLink, opened_office
from host.model.catalogue import Catalogue, Look
from host.model.office import Asked, Do, Refused, Told
from host.model.secrets import Secret
from switch.web.spoken import Chinese, in_chinese

PAUSE_SECONDS: Final = 0.5
"""Between two tries to reach the host."""
FIRST_SECONDS_MAX: Final = 5.0
"""How long a page waits for a host that is being reached."""
CATALOGUE_SECONDS: Final = 30.0
"""How old a catalogue may be: what it offers is asked for again by the office, each time."""
CATALOGUES_MAX: Final = 2_000
USE_GRANT: Final = "session.use_grant"
"""After it there is something else for who asked."""

_LOG = structlog.get_logger(__name__)


class HostAwayError(Exception):
    """The host cannot be asked: nothing was done."""


class InDoubtError(Exception):
    """The host was asked, and its answer did not come."""


class Desk:
    """Whom pages ask."""

    def __init__(
        self, address: Address, credentials: Credentials | None = None, chinese: Chinese = str
    ) -> None:
        self.chinese = chinese
        self._address = address
        self._credentials = credentials
        self._link: OfficeLink | None = None
        self._linked = trio.Event()
        self._catalogues: OrderedDict[Secret, tuple[float, Catalogue]] = OrderedDict()

    @property
    def is_linked(self) -> bool:
        """Whether the host can be asked."""
        return self._link is not None

    async def run(self) -> None:
        """Keep a connection, until cancelled."""
        is_told = False
        while True:
            try:
                async with opened_office(self._address, self._credentials) as link:
                    self._link, is_told = link, False
                    self._linked.set()
                    _LOG.info("the web front reached its host")
                    await link.ended.wait()
            except (OSError, LinkError, trio.TooSlowError) as error:
                if not is_told:
                    _LOG.warning("the web front cannot reach its host", why=str(error))
                    is_told = True
            finally:
                self._link, self._linked = None, trio.Event()
            await trio.sleep(PAUSE_SECONDS)

    async def ask(self, asked: Asked) -> Told:
        """What the office tells.

        Raises:
            HostAwayError: it could not be asked.
            InDoubtError: an action was asked for, and it is not known what became of it.
        """
        link = await self._found()
        try:
            return in_chinese(await link.ask(asked), self.chinese)
        except (OSError, LinkError, trio.TooSlowError) as error:
            if isinstance(asked, Do):
                raise InDoubtError from error
            raise HostAwayError from error
        finally:
            if isinstance(asked, Do) and asked.action == USE_GRANT:
                self.forget(asked.session)

    async def catalogue(self, session: Secret, source: str) -> Catalogue | Refused:
        """What there is for who asks.

        Raises:
            HostAwayError: the host could not be asked.
        """
        kept = self._catalogues.get(session)
        if kept is not None and time.monotonic() - kept[0] < CATALOGUE_SECONDS:
            return kept[1]
        told = await self.ask(Look(session=session, source=source))
        assert isinstance(told, Catalogue | Refused), told
        if isinstance(told, Catalogue):
            self._catalogues[session] = time.monotonic(), told
            self._catalogues.move_to_end(session)
            while len(self._catalogues) > CATALOGUES_MAX:
                self._catalogues.popitem(last=False)
        return told

    def forget(self, session: Secret) -> None:
        """What there is for this session is another now."""
        self._catalogues.pop(session, None)

    async def _found(self) -> OfficeLink:
        with trio.move_on_after(FIRST_SECONDS_MAX):
            await self._linked.wait()
        if self._link is None:
            raise HostAwayError
        return self._link
