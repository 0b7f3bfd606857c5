"""What a running program tells at its control socket: where it listens and all that it counts.

Collected only when somebody asks, in a thread, from what is counted anyway: no message costs more.
Who asks needs neither program: what it is told of a switch must not have the host imported.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import trio
from prometheus_client import REGISTRY, CollectorRegistry

from config.errors import SurroundingsError
from config.places import Places
from config.run.asking import HOST, LOOK, WEB, ask, control_paths
from host.settings import HostSettings
from switch.settings import SwitchSettings
from switch.web_settings import WebSettings

if TYPE_CHECKING:
    from host.poster import Poster
    from switch.program import Switch
    from switch.web.program import WebFront

SECONDS_MAX: Final = 5.0
LINK_SECONDS_MAX: Final = 10.0
LINK_LOOK_SECONDS: Final = 0.05
LINK_UP: Final = "posswitch_switch_link_up"
PREFIXES: Final = ("posswitch_", "process_")
"""Of the names that are told."""
_STARTED: Final = time.time()


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One value of a metric."""

    name: str
    labels: dict[str, str]
    value: float


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """A channel at work."""

    name: str
    dialect: str
    address: str
    """`HOST:PORT` with the port it really took, or whom it calls."""
    port: int | None
    """None where it calls."""
    connections: int
    has_tls: bool


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One process at one moment."""

    number: int
    """Which switch process; 0 is the host, -1 the web front."""
    pid: int
    at: float
    """Seconds since the epoch."""
    started_at: float
    channels: tuple[Listening, ...] = ()
    metrics: tuple[str, int] | None = None
    """Where its metrics page is."""
    pages: str = ""
    """Of a web front: its address."""
    is_posting: bool = True
    """Of a host: whether every writer has its connection."""
    samples: tuple[Sample, ...] = ()


async def look_at_switch(switch: "Switch", number: int) -> Look:
    """A switch process."""
    told = switch.settings
    samples = await trio.to_thread.run_sync(_samples, (switch.metrics.registry, REGISTRY))
    return Look(
        number=number,
        pid=os.getpid(),
        at=time.time(),
        started_at=_STARTED,
        channels=tuple(
            Listening(
                name=each.settings.name,
                dialect=each.settings.dialect,
                address=each.address,
                port=each.port,
                connections=each.connections,
                has_tls=each.settings.tls is not None,
            )
            for each in switch.channels
        ),
        metrics=_page(told),
        samples=samples,
    )


async def look_at_host(poster: "Poster", settings: HostSettings) -> Look:
    """A host."""
    return Look(
        number=HOST,
        pid=os.getpid(),
        at=time.time(),
        started_at=_STARTED,
        metrics=_page(settings),
        is_posting=poster.is_posting,
        samples=await trio.to_thread.run_sync(_samples, (REGISTRY,)),
    )


async def look_at_web(front: "WebFront") -> Look:
    """A web front."""
    return Look(
        number=WEB,
        pid=os.getpid(),
        at=time.time(),
        started_at=_STARTED,
        metrics=_page(front.settings),
        pages=front.address,
        samples=await trio.to_thread.run_sync(_samples, (front.metrics.registry, REGISTRY)),
    )


def looks(places: Places) -> list[Look]:
    """Every program that runs on a data directory, the host first.

    Raises:
        SurroundingsError: one of them does not answer, or is of another release.
    """
    return list(filter(None, map(_look, control_paths(places))))


def wait_for_link(places: Places) -> None:
    """Return once every switch has its host: what terminals ask before that is answered 91.

    After a time it returns as well; who asks then is told so.

    Raises:
        SurroundingsError: one of the programs does not answer, or is of another release.
    """
    ends_at = time.monotonic() + LINK_SECONDS_MAX
    while not all(_is_linked(look) for look in looks(places)) and time.monotonic() < ends_at:
        time.sleep(LINK_LOOK_SECONDS)


def _is_linked(look: Look) -> bool:
    return all(each.value for each in look.samples if each.name == LINK_UP)


def _look(path: Path) -> Look | None:
    try:
        said = ask(path, LOOK, SECONDS_MAX)
        return None if said is None else msgspec.json.decode(said, type=Look)
    except (OSError, msgspec.DecodeError) as error:
        raise SurroundingsError(
            f"the process at {path} tells nothing of itself ({error}). Next: read its log; one of "
            "another release has to be started again",
            "E-NO-ANSWER",
        ) from error


def _page(told: HostSettings | SwitchSettings | WebSettings) -> tuple[str, int] | None:
    return None if told.metrics_port is None else (told.metrics_host, told.metrics_port)


def _samples(registries: tuple[CollectorRegistry, ...]) -> tuple[Sample, ...]:
    return tuple(_told(registries))


def _told(registries: tuple[CollectorRegistry, ...]) -> Iterator[Sample]:
    for registry in registries:
        for metric in registry.collect():
            if metric.name.startswith(PREFIXES):
                for each in metric.samples:
                    yield Sample(each.name, dict(each.labels), each.value)
