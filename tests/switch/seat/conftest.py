"""A whole house of the demo estate with its web front, and a line to its switch that can fail."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from clearing.verify import audit
from config.places import Places, places_of
from config.run.control import reload_running
from config.run.database import dsn_of
from config.run.estates import loader
from config.run.staff import Colleague, DemoStaff, opened_staff
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from config.tasks.seat_keys import make_seat
from host.estate.demo import demo_estate
from host.store.connecting import SHORT, connect
from switch.web_settings import WebSettings
from tests.ports import free_port
from tests.simulators.conftest import hastily
from tests.whole.relay import Relay, relayed

ESTATE = demo_estate()
CARDS = {one.id: one for one in ESTATE.cards} | {
    one.id: one for batch in ESTATE.batches for one in batch.cards
}
SEAT_SECONDS_MAX = 1.0
JOB_SECONDS_MAX = 60.0


@dataclass
class House:
    """What runs, and what is between its front and its switch."""

    running: Running
    relay: Relay
    staff: DemoStaff
    web: str
    """The front's address."""

    @property
    def places(self) -> Places:
        return self.running.places

    def seat(self, terminal_id: str, to: Path | None = None) -> None:
        """A new terminal of the first merchant, and the seat of a front."""
        values = {"terminal_id": terminal_id, "store": 1, "family": "pos"}
        with hastily():
            self.staff.done("platform_ops", "terminal.save", values)
        make_seat(self.places.data, None, terminal_id, to, replace=False)
        list(reload_running(self.places))

    def person(self, role: str, login: str, scope: str, key: str) -> Colleague:
        """Somebody at a place of the first merchant."""
        values = {"login": login, "name": login, "role": role, "scope": scope, "scope_key": key}
        with hastily():
            told = self.staff.done("platform_admin", "person.save", values)
            return self.staff.take_up(login, told.shown_once["invitation"])

    def pay_code(self, card: int, phone: str) -> str:
        """What a member shows who has this card."""
        values = {"card": card, "phone": phone, "note": "the holder is known"}
        with hastily():
            done = self.staff.act("issuer_manager", "card.activate_for", values, "issuer_manager 2")
            self._until_active(card)
            shown = self.staff.act("service", "pay.show_code", {"card": card})
        assert (done, shown) == ("done", "done")
        return self.staff.shown

    def _until_active(self, card: int) -> None:
        """A job puts its value on it."""
        until = time.monotonic() + JOB_SECONDS_MAX
        while not self.value_of(card):
            assert time.monotonic() < until, "it came to be active"
            time.sleep(0.02)

    def store_code(self, amount_minor: int) -> str:
        """What a member scans at the first store."""
        values = {"store": 1, "amount_minor": amount_minor}
        with hastily():
            assert self.staff.act("merchant_operator", "pay.store_code", values) == "done"
        return self.staff.shown

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What the ledger has."""
        where = dsn_of("audit", self.running.settings.database, self.places.cluster)
        with connect(where, SHORT) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def violations(self) -> list[object]:
        """What the audit finds."""
        where = dsn_of("audit", self.running.settings.database, self.places.cluster)
        with connect(where, SHORT, autocommit=True) as connection:
            return list(audit(connection))

    def value_of(self, card: int) -> int:
        """What is on a card, in minor units."""
        return self.staff.value_of(card)


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    places = places_of(tmp_path_factory.mktemp("seats"))
    port = free_port()
    with relayed(port) as relay:
        web = WebSettings(
            is_on=True,
            port=0,
            seats_call=f"127.0.0.1:{relay.port}",
            seat_seconds_max=SEAT_SECONDS_MAX,
        )
        settings = msgspec.structs.replace(Settings(), web=web)
        with (
            running_posswitch(
                settings,
                places,
                port=port,
                load_estate=loader(ESTATE, "Asia/Shanghai"),
                say=lambda _text: None,
            ) as running,
            opened_staff(running.settings, places) as staff,
        ):
            address = running.pages.line.partition(" on ")[2].rstrip("/")
            yield House(running, relay, staff, address)
