"""What a shell completes words with: what is there now, asked of the programs that run.

A shell waits for us at every press of a key: nothing heavy is imported, nobody is waited for long,
and whatever goes wrong there is only nothing to offer.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import typer

from config.homes import DATA
from config.isolation import ROOT

SECONDS_MAX: Final = 0.15
"""For each program that is asked."""
OFFERED_MAX: Final = 200
Offers = list[tuple[str, str]]
"""Words, and what a shell that can shows beside each."""
Offer = Callable[[typer.Context, str], Offers]
ESTATES: Final = (("demo", "invented merchants, terminals and cards"),)
BENCHES: Final = ("ledger", "nac", "processes", "slow", "history", "desk", "cards")
SCENARIOS: Final = ROOT / "simulators" / "scenarios"


def terminal_ids(context: typer.Context, incomplete: str) -> Offers:
    """Terminals of the estate, by their merchant."""
    return _quietly(lambda: _asked(context, "terminals", incomplete))


def named(kind: str) -> Offer:
    """Names of a kind that the office has, such as `merchants`."""

    def offer(context: typer.Context, incomplete: str) -> Offers:
        return _quietly(lambda: _asked(context, kind, incomplete))

    return offer


def case_ids(context: typer.Context, incomplete: str) -> Offers:
    """Open cases."""
    return _quietly(lambda: _asked(context, "cases", incomplete))


def business_dates(context: typer.Context, incomplete: str) -> Offers:
    """Business dates, the open one first; without a host those that clearing left files of."""
    return _quietly(
        lambda: _asked(context, "dates", incomplete) or _dates_of_files(context, incomplete)
    )


def channel_names(context: typer.Context, incomplete: str) -> Offers:
    """Channels at work, by their dialect."""
    return _quietly(lambda: _asked(context, "channels", incomplete))


def codes(_context: typer.Context, incomplete: str) -> Offers:
    """Everything that `explain` knows."""

    def offered() -> Offers:
        from config.tasks.explain import brief, everything

        rows = ((row["code"], brief(row).partition("  ")[2]) for row in everything())
        return _beginning(incomplete, rows)

    return _quietly(offered)


def estates(_context: typer.Context, incomplete: str) -> Offers:
    """Estates that a command line can name."""
    return _beginning(incomplete, ESTATES)


def benches(_context: typer.Context, incomplete: str) -> Offers:
    """Benches that a command line can name."""
    return _beginning(incomplete, ((name, "") for name in BENCHES))


def scenarios(_context: typer.Context, incomplete: str) -> Offers:
    """Scenarios that are shipped, and TOML files from here on."""

    def offered() -> Offers:
        here = Path(f"{incomplete}x").parent
        shipped = sorted(SCENARIOS.glob("*.toml"))
        files = chain(_files_of(here, incomplete), map(_from_here, shipped))
        return _beginning(incomplete, {str(file): file.stem for file in files}.items())

    return _quietly(offered)


def _from_here(file: Path) -> Path:
    """As a person would name it: from where they stand, when it is below."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def _files_of(here: Path, incomplete: str) -> Iterator[Path]:
    """Named as they were begun."""
    return (path for path in here.glob("*.toml") if str(path).startswith(incomplete))


def _asked(context: typer.Context, kind: str, incomplete: str) -> Offers:
    """Names of a kind that the programs of the data directory know."""
    from config.places import places_of
    from config.run.asking import ask, control_paths

    found: dict[str, str] = {}
    for path in control_paths(places_of(_data_of(context))):
        said = ask(path, f"names {kind} {incomplete[:32]}", SECONDS_MAX)
        found.update(json.loads(said) if said else ())
    return _beginning(incomplete, found.items())


def _data_of(context: typer.Context) -> Path:
    told = context.params.get("data") or os.environ.get("POSSWITCH_DATA")
    return Path(told) if told else DATA


def _dates_of_files(context: typer.Context, incomplete: str) -> Offers:
    directories = sorted((_data_of(context) / "files").iterdir(), reverse=True)
    return _beginning(incomplete, ((each.name, "its files are there") for each in directories))


def _beginning(incomplete: str, offers: Iterable[tuple[str, str]]) -> Offers:
    return [offer for offer in offers if offer[0].startswith(incomplete)][:OFFERED_MAX]


def _quietly(offered: Callable[[], Offers]) -> Offers:
    """Whatever it meets, a shell is no place to tell of it."""
    try:
        return offered()
    except Exception:  # noqa: BLE001 - as it says
        return []
