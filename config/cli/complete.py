"""What a shell completes words with: what is there now, asked of the programs that run.

A shell waits for us at every press of a key: nothing heavy is imported, nobody is waited for long,
and whatever goes wrong there is only nothing to offer.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import typer

from config.homes import DATA
from config.isolation import ROOT
from config.language import speech

SECONDS_MAX: Final = 0.15
"""For each program that is asked."""
OFFERED_MAX: Final = 200
Offers = list[tuple[str, str]]
"""Words, and what a shell that can shows beside each."""
Offer = Callable[[typer.Context, str], Offers]
ESTATES: Final = (("demo", "invented merchants, terminals and cards"),)
BENCHES: Final = (
    "ledger",
    "mix",
    "nac",
    "processes",
    "slow",
    "history",
    "desk",
    "cards",
    "gate",
    "web",
    "night",
)
"""Those of `config.bench.rows`, which takes a second to import: too long for a key."""
SCENARIOS: Final = ROOT / "simulators" / "scenarios"


def terminal_ids(context: typer.Context, incomplete: str) -> Offers:
    """Terminals of the estate, by their merchant."""
    return _quietly(lambda: _asked(context, "terminals", incomplete))


def named(kind: str) -> Offer:
    """Names of a kind that the office has, such as `merchants`."""

    def offer(context: typer.Context, incomplete: str) -> Offers:
        return _quietly(lambda: _asked(context, kind, incomplete))

    return offer


def part_numbers(context: typer.Context, incomplete: str) -> Offers:
    """Numbers of parts within the card batch that was named."""

    def offered() -> Offers:
        named = context.params.get("batch") or next(iter(context.args), "")
        batch = f"{named}/"
        found = _asked(context, "card-parts", batch + incomplete) if named else []
        return [(name.removeprefix(batch), words) for name, words in found]

    return _quietly(offered)


def keys_of_scope(kinds: Mapping[str, str]) -> Offer:
    """Names of the kind that goes with the scope which stands before them."""

    def offer(context: typer.Context, incomplete: str) -> Offers:
        kind = kinds.get(context.params.get("scope") or "")
        return _quietly(lambda: _asked(context, kind, incomplete)) if kind else []

    return offer


def one_of(choices: Iterable[str]) -> Offer:
    """Of words that are always the same."""
    told = tuple(choices)

    def offer(_context: typer.Context, incomplete: str) -> Offers:
        return _beginning(incomplete, ((word, "") for word in told))

    return offer


def figures(context: typer.Context, incomplete: str) -> Offers:
    """What the setting that was named is now, may be at least and at most, and is by itself."""

    def offered() -> Offers:
        from host.store.office_settings import OFFICE_SETTINGS

        words = [str(context.params.get("setting") or ""), *context.args]
        rows = {word: OFFICE_SETTINGS.get(word.replace("-", "_")) for word in words}
        name, row = next(((word, row) for word, row in rows.items() if row), ("", None))
        if row is None:
            return []
        now = dict(_asked(context, "settings", name)).get(name)
        told = {
            str(row.smallest): "the least",
            str(row.largest): "the most",
            str(row.normal): "until somebody sets it",
            **({now: "now"} if now else {}),
        }
        return _beginning(incomplete, told.items())

    return _quietly(offered)


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


benches: Final = one_of(BENCHES)
"""Benches that a command line can name."""


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
    told = [offer for offer in offers if offer[0].startswith(incomplete)][:OFFERED_MAX]
    return [(word, speech.said(beside) if beside else beside) for word, beside in told]


def _quietly(offered: Callable[[], Offers]) -> Offers:
    """Whatever it meets, a shell is no place to tell of it."""
    try:
        return offered()
    except Exception:  # noqa: BLE001 - as it says
        return []
