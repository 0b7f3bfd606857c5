"""How long the host takes to be ready with years of history behind it.

A scratch database gets an estate, and the host is started before and after PostgreSQL has filled
it with seals and exchanges. What a start reads must not grow with them.
"""

import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from config.bench.years import AT_START, evenly, fill_history
from config.errors import Say
from config.places import Places, places_of
from config.run.children import running_program
from config.run.database import embedded_dsns, opened_database
from config.run.estates import loader
from config.run.programs import command
from config.settings import Settings, resolved
from host.estate.demo import bench_estate
from host.store.connecting import LONG, connect

READY_SECONDS_MAX: Final = 120.0
SETTINGS: Final = Settings()


class HistoryBench(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is."""

    messages: int = 3_000_000
    """Exchanges; two seals for three of them. What ten years leave is 30,000,000."""
    rounds: int = 3
    """Starts, of which the fastest counts: a busy machine makes others slower."""


def measure_history(told: HistoryBench, say: Say) -> dict[str, Any]:
    """Seconds from the host's start to `ready`, with little behind it and with much."""
    with tempfile.TemporaryDirectory(prefix="posswitch-history-") as home:
        Path(home).chmod(
            0o711
        )  # or, when we are root, its database would be put aside and outlive it
        places = places_of(Path(home, "data"))
        places.make()
        dsns = embedded_dsns(places.cluster)
        with opened_database(SETTINGS.database, places, say=say):
            loader(bench_estate(100, 1_000), SETTINGS.host.timezone)(dsns.owner, places)
            before = _fastest_start(places, told.rounds)
            seals = told.messages * 2 // 3
            started = time.monotonic()
            with connect(dsns.owner, LONG, autocommit=True) as connection:
                fill_history(
                    connection, {**evenly(told.messages, AT_START), "seals": seals}, say=say
                )
            return {
                "seals": seals,
                "exchanges": told.messages,
                "fill_seconds": round(time.monotonic() - started, 1),
                "ready_seconds_before": before,
                "ready_seconds": _fastest_start(places, told.rounds),
            }


def _fastest_start(places: Places, rounds: int) -> float:
    return round(min(_start(places) for _ in range(rounds)), 3)


def _start(places: Places) -> float:
    told = msgspec.json.encode(resolved(SETTINGS, places))
    words, log = command("host", places), places.log / "host.log"
    started = time.monotonic()
    with running_program("host", words, log, told=told) as host:
        host.wait_until_ready(READY_SECONDS_MAX)
        return time.monotonic() - started
