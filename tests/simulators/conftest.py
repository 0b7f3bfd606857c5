"""A whole posswitch with every channel and an external issuer, and the shipped scenarios played."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import trio

from config.places import places_of
from config.run.database import dsn_of
from config.run.estates import loader
from config.run.fleet import ports_in
from config.run.look import wait_for_link
from config.run.staff import DemoStaff, opened_staff
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from config.tasks.demo import CERTIFICATES, ISSUER_SECONDS_MAX, LINES, demo_settings
from config.tasks.ledger import StoredLedger
from host.estate.demo import EXTERNAL_ZONE, demo_estate, external_cards
from host.store.connecting import SHORT, connect
from simulators.channels import CHANNELS, Place
from simulators.issuer import Issuer, IssuerSettings
from simulators.line import IsMine, Line
from simulators.nac import NacLine
from simulators.record import Record
from simulators.scenario import read_scenario, run_scenario
from simulators.wanted import Behind
from switch.channels import ChannelSettings
from tests.ports import free_port

FILES = sorted((Path(__file__).parents[2] / "simulators/scenarios").glob("*.toml"))
ESTATE = demo_estate()
CALLED = "nac-called"
PATIENCE_SECONDS = {"external": 2 * ISSUER_SECONDS_MAX}
"""Where a story waits for answers that never come."""
CODES_AHEAD = 400
"""Of one person, in all stories together."""
LINE_KINDS = (Line, NacLine)


@dataclass
class Played:
    """What came of the shipped scenarios, and every message their terminals sent."""

    wrong: dict[Path, list[str]] = field(default_factory=dict)
    sent: dict[str, list[bytes]] = field(default_factory=dict)
    """By channel."""
    record: Record = field(default_factory=Record)
    external: Record = field(default_factory=Record)
    """Of cards that our ledger does not know."""


@pytest.fixture(scope="package")
def issuer_port() -> Iterator[int]:
    """An issuer's host in a thread of its own."""
    issuer = Issuer(IssuerSettings(), external_cards(), zone_key=EXTERNAL_ZONE.key)
    stop = trio.CancelScope()
    ready: list[trio.lowlevel.TrioToken] = []

    async def run() -> None:
        ready.append(trio.lowlevel.current_trio_token())
        with stop:
            await issuer.run()

    port = issuer.listen()
    thread = threading.Thread(target=trio.run, args=(run,))
    thread.start()
    yield port
    ready[0].run_sync_soon(stop.cancel)
    thread.join()
    assert not issuer.failures, issuer.failures.counts


@pytest.fixture(scope="package")
def gateway_port() -> int:
    """Where the switch calls a gateway, once there is one."""
    return free_port()


@pytest.fixture(scope="package")
def posswitch(
    tmp_path_factory: pytest.TempPathFactory, issuer_port: int, gateway_port: int
) -> Iterator[Running]:
    places = places_of(tmp_path_factory.mktemp("scenarios"))
    told = demo_settings(Settings(), places, issuer_port)
    called = ChannelSettings(
        name=CALLED,
        kind="nac",
        connect_to=f"127.0.0.1:{gateway_port}",
        reconnect_seconds_max=0.5,
        preamble_bytes=LINES.preamble_bytes,
    )
    typed = ChannelSettings(name="ascii", dialect=CHANNELS["ascii"].dialect, port=0)
    switch = msgspec.structs.replace(told.switch, channels=(*told.switch.channels, called, typed))
    with running_posswitch(
        msgspec.structs.replace(told, switch=switch),
        places,
        port=0,
        load_estate=loader(ESTATE, "Asia/Shanghai"),
        say=lambda _text: None,
    ) as running:
        wait_for_link(places)
        yield running


@pytest.fixture(scope="package")
def place_of(posswitch: Running, gateway_port: int) -> Callable[[str], Place]:
    """Where a channel of this posswitch is."""
    ports = ports_in(posswitch.listeners) | {CALLED: gateway_port}
    return lambda channel: Place(
        port=ports.get(channel, ports["pos"]),
        certificates=posswitch.places.data / CERTIFICATES,
        answer_seconds_max=PATIENCE_SECONDS.get(channel, 10.0),
        caller_bytes=LINES.preamble_bytes,
    )


@pytest.fixture(scope="package")
def ledger(posswitch: Running) -> Iterator[StoredLedger]:
    """The ledger behind it."""
    where = dsn_of("audit", posswitch.settings.database, posswitch.places.cluster)
    with connect(where, SHORT) as connection:
        yield StoredLedger(connection)


@pytest.fixture(scope="package")
def staff(posswitch: Running) -> Iterator["Hasty"]:
    """People at its office."""
    with ExitStack() as stack:
        with hastily():
            staff = stack.enter_context(opened_staff(posswitch.settings, posswitch.places))
        yield Hasty(staff)


@contextmanager
def hastily() -> Iterator[None]:
    """People's phones go as far ahead as a story asks for codes: nobody waits for half minutes.
    Nobody else's do: this fixture outlives the tests that use it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("host.office.codes.STEPS_BESIDE", (0, -1, *range(1, CODES_AHEAD)))
        patch.setattr("config.run.staff._wait_until", lambda _moment: None)
        yield


class Hasty:
    """A `simulators.wanted.Staff` that does not wait for half minutes."""

    def __init__(self, staff: DemoStaff) -> None:
        self._staff = staff

    def act(self, by: str, action: str, values: Mapping[str, object], agreed_by: str = "") -> str:
        with hastily():
            return self._staff.act(by, action, values, agreed_by)

    @property
    def shown(self) -> str:
        return self._staff.shown

    def let_gifts_be_due(self) -> None:
        self._staff.let_gifts_be_due()


@pytest.fixture(scope="package")
def played(place_of: Callable[[str], Place], ledger: StoredLedger, staff: Hasty) -> Played:
    """Every shipped scenario, one after the other."""
    done = Played()
    for file in FILES:
        scenario = read_scenario(file)
        record = done.external if scenario.channel == "external" else done.record
        with tapped(done.sent.setdefault(scenario.channel, [])):
            done.wrong[file] = trio.run(
                run_scenario,
                scenario,
                ESTATE,
                place_of(scenario.channel),
                record,
                Behind(ledger, staff),
            )
    return done


@contextmanager
def tapped(sent: list[bytes]) -> Iterator[None]:
    """Hear every message that any terminal sends."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in LINE_KINDS:
            patch.setattr(kind, "ask", _tap(kind.ask, sent))
        yield


def _tap(ask, sent: list[bytes]):
    async def heard(self, payload: bytes, is_mine: IsMine) -> bytes | None:
        sent.append(payload)
        return await ask(self, payload, is_mine)

    return heard
