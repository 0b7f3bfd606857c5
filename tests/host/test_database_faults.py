"""PostgreSQL stops, crashes and comes back under a host that stays: 91 meanwhile, nothing twice."""

import functools
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from prometheus_client import REGISTRY

from config.database import Dsns, prepare_embedded
from config.postgres import Cluster, PostgresServer, start_postgres
from host.model.requests import Kind, Response
from host.model.responses import Reason
from tests.host.conftest import Till, audit_ledger, put_demo_estate, trading


class Restartable:
    """A server of this module's own, which its tests stop and start."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.server: PostgresServer | None = None
        self.dsns: Dsns

    def start(self) -> None:
        self.server = start_postgres(self.cluster, say=lambda _: None)

    def stop(self) -> None:
        assert self.server is not None
        self.server.stop()

    def crash(self) -> None:
        """The postmaster dies at once; what it started notices and goes too."""
        assert self.server is not None
        os.kill(self.server.process.pid, signal.SIGKILL)
        self.server.stop()


@pytest.fixture(scope="module")
def own_server() -> Iterator[Restartable]:
    home = Path(tempfile.mkdtemp(prefix="posswitch-test-"))
    own = Restartable(
        Cluster(
            home=home / "postgres",
            socket_directory=home / "run",
            log=home / "postgres.log",
            owner_passfile=home / "secrets" / "owner.pgpass",
        )
    )
    try:
        own.start()
        own.dsns = prepare_embedded(own.cluster, "posswitch")
        put_demo_estate(own.dsns)
        yield own
    finally:
        own.stop()
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def traded(own: Restartable) -> AsyncIterator[Till]:
    async with trading(own.dsns) as till:
        yield till
    audit_ledger(own.dsns)


def _unreachable() -> float:
    """Purchases told so, as the metrics have it."""
    labels = {"kind": Kind.PURCHASE.value, "reason": Reason.HOST_UNREACHABLE.value}
    return REGISTRY.get_sample_value("posswitch_host_requests_total", labels) or 0.0


async def test_while_the_database_is_down_everybody_is_told_so_and_then_served(
    own_server: Restartable,
) -> None:
    async with traded(own_server) as till:
        asked = [
            till.request(Kind.PURCHASE, card, 100, pin="123456", terminal_id=f"{80_010_001 + at}")
            for at, card in enumerate(range(10, 26))
        ]
        before = await till.ask_all(asked[:8])
        assert all(answer.is_approved for answer in before)
        own_server.stop()
        refused = _unreachable()
        for _ in range(2):
            down = await till.ask_all(asked)
            assert {answer.reason for answer in down} == {Reason.HOST_UNREACHABLE}
        with trio.fail_after(10):
            while _unreachable() < refused + 32:  # noqa: ASYNC110 - a counter has no event
                await trio.sleep(0.01)
        sign_on = till.request(Kind.SIGN_ON, key_generation=0)
        assert not (await till.ask(sign_on)).is_approved
        own_server.start()
        after = await till.ask_until_reached(asked)
        assert after[:8] == before
        assert all(answer.is_approved for answer in after)
        assert [till.balances(card)[0] for card in range(10, 26)] == [99_900] * 16


@pytest.mark.parametrize("how", ["stop", "crash"])
async def test_what_was_under_way_when_the_database_went_is_answered_right_or_not_at_all(
    own_server: Restartable, how: str
) -> None:
    """Many rounds are queued, the server goes in the middle and comes back."""
    async with traded(own_server) as till:
        first_card = 200 if how == "stop" else 300
        asked = [
            till.request(
                Kind.CASH_LOAD, first_card + at % 24, 3, terminal_id=f"{80_010_001 + at % 24}"
            )
            for at in range(24 * 8)
        ]
        told: dict[str, Response] = {}
        some, every = trio.Event(), trio.Event()

        def deliver(key: str, answer: Response) -> None:
            told[key] = answer
            if len(told) == 24:
                some.set()
            if len(told) == len(asked):
                every.set()

        for request in asked:
            till.poster.submit(request, functools.partial(deliver, request.key.text))
        with trio.fail_after(60):
            await some.wait()
            await trio.to_thread.run_sync(own_server.crash if how == "crash" else own_server.stop)
            own_server.start()
            await every.wait()
        assert {answer.reason for answer in told.values()} <= {
            Reason.APPROVED,
            Reason.HOST_UNREACHABLE,
        }
        final = await till.ask_until_reached(asked)
        for request, answer in zip(asked, final, strict=True):
            before = told[request.key.text]
            assert answer.is_approved
            assert before == answer or before.reason is Reason.HOST_UNREACHABLE
        balances = [till.balances(first_card + at)[0] for at in range(24)]
        assert balances == [100_000 + 8 * 3] * 24
