"""Shops of several kinds on one house: POS terminals, a gateway's lines, tills, and phones."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import trio

from config.tasks.failed import failed_lines
from host.estate.plan import EstatePlan
from simulators.certificates import ATTESTATION, make_certificates
from simulators.channels import gateway
from simulators.nac import NacSettings
from simulators.record import Record
from simulators.softpos import KID
from simulators.swarm import Swarm, SwarmSettings
from simulators.tally import Tally
from tests.ports import free_ports
from tests.whole.day import beside
from tests.whole.house import House

KINDS = {
    "nac": 'kind = "nac"\npreamble_bytes = 16\n',
    "mis-json": 'kind = "mis"\ndialect = "mis-json"\n',
    "mis-fixed": 'kind = "mis"\ndialect = "mis-fixed"\n',
    "softpos": 'kind = "softpos"\n',
}
"""A row of the settings each; the POS channel is there already."""
LINES = NacSettings(latency_seconds=(0.005, 0.02), keep_alive_seconds=5.0, preamble_bytes=16)


class Street:
    """A house with every kind of channel, and the shops on it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ports = {"pos": house.port, **dict(zip(KINDS, free_ports(len(KINDS)), strict=True))}
        settings = house.places.settings
        home = settings.parent / "certificates"
        make_certificates(home)
        rows = (
            f'[[channels]]\nname = "{name}"\nport = {self.ports[name]}\n{row}'
            for name, row in (KINDS | {"softpos": KINDS["softpos"] + _attested(home)}).items()
        )
        settings.write_text(settings.read_text() + "\n".join(rows))

    def swarms(self, told: SwarmSettings, estate: EstatePlan, record: Record) -> list[Swarm]:
        """One for each channel, with as many terminals as are told."""
        tally = Tally()
        return [
            Swarm(self._settings(name, told), estate, tally=tally, record=record)
            for name in self.ports
        ]

    def _settings(self, name: str, told: SwarmSettings) -> SwarmSettings:
        opens = gateway(LINES) if name == "nac" else None
        return dataclasses.replace(told, port=self.ports[name], channel=name, opens=opens)


def _attested(home: Path) -> str:
    """Who signs for phones. On this machine they need no certificates."""
    return f'options.attestation_keys.{KID} = "{home / ATTESTATION}"\n'


@contextlib.contextmanager
def open_street(swarms: list[Swarm], record: Record) -> Iterator[Tally]:
    """They trade as long as the block lasts, or until they are closed; then they go home."""
    with beside(lambda: _run(swarms, record), lambda: close(swarms)):
        yield swarms[0].tally
    assert not swarms[0].tally.failures, failed_lines(swarms[0].tally.failures)


def close(swarms: list[Swarm]) -> None:
    """The shops close: what is pending is mended, and batches are settled."""
    for swarm in swarms:
        swarm.close()


async def _run(swarms: list[Swarm], record: Record) -> None:
    with record:
        async with trio.open_nursery() as nursery:
            for swarm in swarms:
                nursery.start_soon(swarm.run)


def record_in(directory: Path) -> Record:
    """What all of them are told, in one file."""
    return Record(directory / "terminals.jsonl")
