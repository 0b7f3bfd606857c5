"""A gateway that waits to be called, and is restarted under trade: the switch calls it again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import psycopg
import pytest
import trio

from clearing.verify import audit
from config.places import places_of
from config.run.database import dsn_of
from config.run.estates import loader
from config.run.supervisor import Running, running_posswitch
from config.settings import Settings
from config.tasks.failed import failed_lines
from host.estate.demo import demo_estate
from simulators.channels import Channel, Gateway, Place, gateway
from simulators.faults import NO_FAULTS
from simulators.nac import Nac, NacSettings
from simulators.record import What
from simulators.swarm import Swarm, SwarmSettings
from switch.channels import ChannelSettings
from tests.ports import free_port
from tests.whole.house import ZONE

ESTATE = demo_estate()
RESTARTS = 4
TRADES_EACH = 40
"""Between two restarts."""
PATIENCE_SECONDS = 60.0
DAY_SECONDS_MAX = 3_600.0
LINES = NacSettings(listens=True, keep_alive_seconds=0.05, latency_seconds=(0.0, 0.02))


@pytest.fixture
def gateway_port() -> int:
    return free_port()


@pytest.fixture
def posswitch(tmp_path: Path, gateway_port: int) -> Iterator[Running]:
    row = ChannelSettings(
        name="dial-up",
        kind="nac",
        connect_to=f"127.0.0.1:{gateway_port}",
        reconnect_seconds_max=0.5,
        keep_alive="answer",
    )
    switch = msgspec.structs.replace(Settings().switch, channels=(row,))
    with running_posswitch(
        msgspec.structs.replace(Settings(), switch=switch),
        places_of(tmp_path / "data"),
        load_estate=loader(ESTATE, ZONE),
        say=lambda _text: None,
    ) as running:
        yield running


async def test_a_called_gateway_restarted_under_trade_loses_nothing(
    posswitch: Running, gateway_port: int
) -> None:
    """S4-14."""
    gateways: list[Nac] = []

    @asynccontextmanager
    async def opens(place: Place) -> AsyncIterator[Channel]:
        async with gateway(LINES)(place) as channel:
            assert isinstance(channel, Gateway)
            gateways.append(channel.nac)
            yield channel

    swarm = Swarm(
        SwarmSettings(
            host="127.0.0.1",
            port=gateway_port,
            channel="nac",
            opens=opens,
            seconds=DAY_SECONDS_MAX,
            pause_seconds=0.05,
            faults=NO_FAULTS,
            attempts_max=1_000,
            settles=True,
        ),
        ESTATE,
    )
    with trio.fail_after(PATIENCE_SECONDS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(swarm.run)
            for number in range(1, RESTARTS + 1):
                await traded(swarm, number * TRADES_EACH)
                gateways[0].restart()
            await traded(swarm, (RESTARTS + 1) * TRADES_EACH)
            swarm.close()
    tally, happened = swarm.tally, {event.what for event in swarm.record.events}
    assert What.REVERSAL_TOLD in happened, "no restart met a message under way"
    assert not tally.failures, failed_lines(tally.failures)
    assert tally.pending == 0
    assert not tally.surprises
    assert tally.settled == {"agreed": tally.signed_on}
    assert gateways[0].keep_alives > 0
    where = dsn_of("audit", posswitch.settings.database, posswitch.places.cluster)
    with psycopg.connect(where) as connection:
        assert audit(connection, swarm.record.claims()) == []


async def traded(swarm: Swarm, count: int) -> None:
    """Until so many trades have ended."""
    while swarm.tally.trades < count:  # noqa: ASYNC110 - a count has no event
        await trio.sleep(0.01)
