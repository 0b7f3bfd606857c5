"""A front with a real listener before a real office, and browsers that know nothing of our code."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import trio

from config.language import chinese_of
from host.link.address import Address, listen
from host.model.office import Asked, Told
from host.office.reception import Reception
from host.server import serve
from switch.web.program import WebFront, run_web
from switch.web_settings import WebSettings
from tests.host.conftest import estate_template, module_estate, module_template
from tests.host.office.conftest import (
    Bureau,
    Person,
    bureau,
    estate_database,
    opened_office,
    shared_bureau,
)

__all__ = [
    "bureau",
    "estate_database",
    "estate_template",
    "module_estate",
    "module_template",
    "opened_office",
    "shared_bureau",
]

FORM_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
ONCE_KEY = re.compile(r'name="once_key" value="([0-9a-f]+)"')


async def _none(*_words: Any) -> Any:
    return None


_nobody: Any = _none


@contextmanager
def served(
    office: Bureau,
    tmp_path: Path,
    settings: WebSettings | None = None,
    fronts: list[WebFront] | None = None,
) -> Iterator[str]:
    """The front's address, while it and its host run in a thread of their own.

    It is put into `fronts` for who wants to reload it.
    """
    told: list[str] = []
    ready, token = threading.Event(), []

    async def run() -> None:
        def connect() -> psycopg.Connection[Any]:
            return psycopg.connect(office.dsns.office, autocommit=True)

        reception = Reception(office.office, connect)
        token.append(trio.lowlevel.current_trio_token())
        address = Address.parse(f"unix:{tmp_path / 'h.sock'}")

        async def ask(asked: Asked) -> Told:
            reception._asked.clear()
            return await reception.ask(asked)

        def on_ready(lines: list[str]) -> None:
            told.extend(lines)
            ready.set()

        async def keep(front: WebFront) -> None:
            if fronts is not None:
                fronts.append(front)

        with closing(listen(address)) as listener:
            async with trio.open_nursery() as nursery:
                scopes.append(nursery.cancel_scope)
                nursery.start_soon(serve, [listener], _nobody, _nobody, None, ask)
                await run_web(
                    settings or WebSettings(port=0),
                    address,
                    None,
                    on_ready=on_ready,
                    beside=keep,
                    chinese=chinese_of,
                )
        reception.shut()

    scopes: list[trio.CancelScope] = []

    def until_stopped() -> None:
        try:
            trio.run(run)
        finally:
            ready.set()

    thread = threading.Thread(target=until_stopped)
    thread.start()
    try:
        assert ready.wait(60)
        yield told[0].partition(" on ")[2].rstrip("/")
    finally:
        if token and scopes:
            token[0].run_sync_soon(scopes[0].cancel)
        thread.join(60)


@dataclass
class Browser:
    """What a person has before them: cookies, and the page they are at."""

    client: httpx.Client
    office: Bureau
    page: httpx.Response = None  # type: ignore[assignment]

    def get(self, path: str, **how: Any) -> httpx.Response:
        """Open an address."""
        self.page = self.client.get(path, **how)
        return self.page

    def post(self, path: str, told: dict[str, Any] | None = None, **how: Any) -> httpx.Response:
        """Send a form of the page that is open."""
        values = {"form_token": self.token, **(told or {})}
        self.page = self.client.post(path, data=values, **how)
        return self.page

    @property
    def token(self) -> str:
        found = FORM_TOKEN.search(self.page.text)
        assert found is not None, self.page.text
        return found[1]

    @property
    def once_key(self) -> str:
        found = ONCE_KEY.search(self.page.text)
        assert found is not None, self.page.text
        return found[1]

    def sign_in(self, who: Person) -> httpx.Response:
        """By the door."""
        self.get("/sign-in")
        code = self.office.code(who) if who.seed else ""
        told = {"login": who.login, "password": who.password, "code": code}
        return self.post("/sign-in", told)

    def fill(self, action: str, **told: Any) -> httpx.Response:
        """Open an action's form, and send it filled."""
        self.get(f"/do/{action}")
        return self.post(f"/do/{action}", {"once_key": self.once_key, "how": "do", **told})


Open = Callable[[], Browser]


@pytest.fixture
def front(bureau: Bureau, tmp_path: Path) -> Iterator[Open]:
    """Browsers, each with cookies of its own, before an office of this test's own."""
    with served(bureau, tmp_path) as address:
        yield from _browsers(bureau, address)


@pytest.fixture(scope="module")
def shared_front(
    shared_bureau: Bureau,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Open]:
    """The same before an office that the tests of a file share."""
    with served(shared_bureau, tmp_path_factory.mktemp("front")) as address:
        yield from _browsers(shared_bureau, address)


@pytest.fixture(scope="module")
def address(shared_front: Open) -> str:
    """Where that front is, for a browser that is one."""
    return str(shared_front().client.base_url).rstrip("/")


@contextmanager
def opened_at(address: str, office: Bureau) -> Iterator[Browser]:
    """One browser, before a front that a test serves itself."""
    with httpx.Client(base_url=address, timeout=60) as client:
        yield Browser(client, office)


def _browsers(office: Bureau, address: str) -> Iterator[Open]:
    clients: list[httpx.Client] = []

    def opened() -> Browser:
        client = httpx.Client(base_url=address, timeout=60)
        clients.append(client)
        return Browser(client, office)

    yield opened
    for client in clients:
        client.close()
