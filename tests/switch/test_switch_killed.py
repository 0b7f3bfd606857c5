"""A switch killed with SIGKILL while something is in flight: its next life undoes it."""

import functools
import os
import signal
import subprocess
import sys

import msgspec
import trio

from host.model.requests import Kind
from switch.program import run_switch
from switch.settings import ChannelSettings, SwitchSettings
from tests.ports import free_port
from tests.switch.conftest import (
    PATIENCE_SECONDS,
    PosTerminal,
    World,
    framed,
    purchase,
)
from tests.switch.fake_issuer import FakeIssuer, approved

UNDONE_SECONDS_MAX = 60.0


class Mortal:
    """A switch in a process of its own."""

    def __init__(self, settings: SwitchSettings) -> None:
        self._settings = settings
        self._process: trio.Process | None = None
        self._terminal: PosTerminal | None = None

    async def start(self, nursery: trio.Nursery) -> PosTerminal:
        """Start it, and connect a terminal."""
        run = functools.partial(
            trio.run_process,
            [sys.executable, __file__],
            stdin=msgspec.json.encode(self._settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            env=os.environ | {"PYTHONPATH": "."},
        )
        self._process = await nursery.start(run)
        port = self._settings.channels[0].port
        with trio.fail_after(PATIENCE_SECONDS):
            while True:
                try:
                    self._terminal = PosTerminal(await trio.open_tcp_stream("127.0.0.1", port))
                except OSError:
                    await trio.sleep(0.05)
                else:
                    return self._terminal

    async def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        assert await self._process.wait() == -signal.SIGKILL
        if self._terminal is not None:
            self._terminal.stream.socket.close()


def settings_of(world: World, **changes) -> SwitchSettings:
    return SwitchSettings(
        channels=(ChannelSettings(port=free_port()),),
        link=world.host.address,
        saf=str(world.saf_path),
        routes=str(world.home / "routes.db"),
        saf_retry_seconds_max=0.5,
        **changes,
    )


async def bought(switch: Mortal, nursery: trio.Nursery, came) -> None:
    """A purchase is in flight, its terminal unanswered, and the switch dies."""
    terminal = await switch.start(nursery)
    with trio.fail_after(PATIENCE_SECONDS):
        while not came():
            await terminal.stream.send_all(framed(purchase()))
            await trio.sleep(0.2)
    assert len(came()) == 1, "a repeat is not asked again"
    await switch.kill()


async def test_what_was_at_an_issuer_is_reversed_there(world: World, nursery: trio.Nursery):
    issuer = FakeIssuer()
    await nursery.start(issuer.run)
    issuer.decide = lambda asked: None if asked["t"] == "0200" else approved(asked)
    switch = Mortal(settings_of(world, issuers=(issuer.settings(),)))
    await bought(switch, nursery, lambda: issuer.asked)
    await switch.start(nursery)
    with trio.fail_after(UNDONE_SECONDS_MAX):
        await issuer.has(2)
    sale, undone = issuer.asked
    assert (undone["t"], undone["90"][:10]) == ("0420", f"0200{sale['11']}")
    await switch.kill()


async def test_what_was_at_our_own_host_is_reversed_if_it_is_remembered(
    world: World, nursery: trio.Nursery
):
    world.host.decide = lambda _request: None
    switch = Mortal(settings_of(world, remember_in_flight=True))
    await bought(switch, nursery, lambda: world.host.requests[:1])
    before = len(world.host.requests)
    await switch.start(nursery)
    with trio.fail_after(UNDONE_SECONDS_MAX):
        await world.host.has(before + 1)
    assert world.host.requests[-1].kind is Kind.REVERSAL
    assert world.host.requests[-1].original.key == world.host.requests[0].key
    await switch.kill()


if __name__ == "__main__":
    told = msgspec.json.decode(sys.stdin.buffer.read(), type=SwitchSettings)
    trio.run(lambda: run_switch(told, on_ready=lambda _lines: None))
