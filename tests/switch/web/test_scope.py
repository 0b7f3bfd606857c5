"""Nobody sees or touches what is another's by JSON either: the walk of the office, over `/v1`.

The same people, the same foreign things and the same checks as `tests.host.office.test_scope`; only
what is between is another: the front's own routes, in this process.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
import trio

from config.run.database import Dsns
from host.link.address import Address
from host.model.catalogue import Look
from host.model.office import Asked, Do, Done, Page, Refused, Show, ShowAll, Told, Waiting
from host.office.catalogue import read_catalogue
from host.office.doing import run_action
from host.office.looking import read_view, read_views
from host.office.places import Scope
from host.office.tables import ACTIONS, VIEWS
from switch.web.desk import Desk
from switch.web.program import WebFront, application
from switch.web_settings import WebSettings
from tests.host.office.conftest import Bureau, Person, opened_bureau
from tests.host.office.test_scope import (
    HELD,
    World,
    test_no_action_finds_what_is_anothers,
    test_no_view_shows_a_row_of_another,
)

HERE = "http://localhost"
checked_views, checked_actions = (
    test_no_view_shows_a_row_of_another,
    test_no_action_finds_what_is_anothers,
)
del test_no_view_shows_a_row_of_another, test_no_action_finds_what_is_anothers


class Here(Desk):
    """The office in this process, in place of a link to one."""

    def __init__(self, bureau: Bureau) -> None:
        super().__init__(Address.parse("unix:nowhere.sock"))
        self._bureau = bureau

    async def ask(self, asked: Asked) -> Told:
        office, connection = self._bureau.office, self._bureau.connection
        match asked:
            case Do():
                return run_action(office, connection, asked)
            case Show():
                return read_view(office, connection, asked)
            case ShowAll():
                return read_views(office, connection, asked)
            case Look():
                return read_catalogue(office, connection, asked)


class Spoken:
    """What people ask, as programs do: by HTTP, under the session of who asks."""

    def __init__(self, bureau: Bureau) -> None:
        self.transport = httpx.ASGITransport(application(WebFront(WebSettings(), Here(bureau))))
        self.direct = bureau.do
        self.calls = 0

    def do(self, who: Person | None, action: str, **values: Any) -> Told:
        """As `Bureau.do`; who comes in, does so at the office itself."""
        if who is None:
            return self.direct(who, action, **values)
        told = {name[1:]: values.pop(name) for name in list(values) if name.startswith("_")}
        body = json.dumps({"values": values, **told}, default=str)
        return self._answer("POST", f"/v1/do/{action}", who, content=body)

    def look(self, who: Person, view: str, *, filters: dict[str, str]) -> Told:
        """As `Bureau.look`."""
        return self._answer("POST", f"/v1/show/{view}", who, json={"filters": filters})

    def _answer(self, method: str, path: str, who: Person, **sent: Any) -> Told:
        self.calls += 1
        bearer = {"authorization": f"Bearer {who.session.reveal().decode()}"}

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url=HERE) as client:
                return await client.request(method, path, headers=bearer, **sent)

        answer = trio.run(ask)
        told = msgspec.json.decode(answer.content, type=Done | Waiting | Refused | Page)
        assert (answer.status_code == 200) != isinstance(told, Refused), answer.text
        return told


@pytest.fixture(scope="module")
def world(module_estate: Dsns) -> Iterator[World]:
    for bureau in opened_bureau(module_estate):
        found = World(bureau)
        spoken = Spoken(bureau)
        bureau.do, bureau.look = spoken.do, spoken.look  # type: ignore[method-assign, assignment]
        yield found
        assert spoken.calls > len(VIEWS) + len(ACTIONS)


@pytest.mark.parametrize(("role", "scope"), HELD)
def test_no_view_shows_a_row_of_another_by_json(world: World, role: str, scope: Scope) -> None:
    """S1-47."""
    checked_views(world, role, scope)


@pytest.mark.parametrize(("role", "scope"), HELD)
def test_no_action_finds_what_is_anothers_by_json(world: World, role: str, scope: Scope) -> None:
    """S1-47."""
    checked_actions(world, role, scope)
