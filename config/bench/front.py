"""Switch processes in front of a host that only says yes: what the wire alone costs."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from config.errors import say_nothing
from config.isolation import module_command
from config.places import places_of
from config.run.children import running_program
from config.run.fleet import ports_in, running_fleet
from config.run.orders import Orders
from config.settings import Settings, resolved
from host.estate.plan import EstatePlan

DESCRIPTORS_SPARE: Final = 200
LINK_SECONDS_MAX: Final = 60.0
"""For the first link of a switch to the host: a message that came before it would be declined."""


@dataclass(frozen=True, slots=True)
class Front:
    """Where its first channel listens, and its switch processes."""

    port: int
    pids: list[int]


@contextmanager
def running_front(
    home: Path, estate: EstatePlan, settings: Settings, *, processes: int = 1
) -> Iterator[Front]:
    """A host without a ledger, for the terminals of an estate, and switches in front of it.

    `home` is a directory of their own; the first channel of `settings` gets a free port.
    """
    places = places_of(home)
    places.make()
    quiet = msgspec.structs.replace(settings.log, level="warning")
    switch = msgspec.structs.replace(settings.switch, processes=processes)
    told = msgspec.structs.replace(settings, switch=switch, log=quiet)
    terminals = places.data / "terminals.json"
    terminals.write_bytes(msgspec.json.encode(list(_echo_terminals(estate))))
    link = resolved(told, places).switch.link
    orders = Orders(port=0, first_link_seconds_max=LINK_SECONDS_MAX)
    echo = module_command("host.echo", link, terminals)
    with (
        running_program("echo", echo, places.log / "echo.log"),
        running_fleet(told, places, orders, say=say_nothing) as fleet,
    ):
        [port, *_others] = ports_in(fleet.wait_until_ready()).values()
        yield Front(port, [program.process.pid for program in fleet.programs])


@contextmanager
def descriptors_for(connections: int) -> Iterator[None]:
    """Room for so many connections in this process and in whatever it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, connections + DESCRIPTORS_SPARE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _echo_terminals(estate: EstatePlan) -> Iterator[dict[str, str]]:
    for terminal in estate.terminals:
        assert terminal.working is not None
        device = terminal.device
        key = terminal.working.mak if device is None else device.initial_key
        yield {
            "terminal_id": terminal.terminal_id,
            "merchant_id": estate.merchant_of(terminal).merchant_id,
            "epoch": terminal.epoch,
            "mac_algorithm": terminal.mac_algorithm.value,
            "mac_key": key.reveal().hex(),
        }
