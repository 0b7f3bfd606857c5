"""What a life looks like on a screen of 80 columns: a head, and sentences beside their labels."""

import datetime as dt
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config.cells import cell_count, fold
from config.errors import say_nothing
from config.language import speech
from config.places import Places
from config.run.database import dsn_of, opened_database
from config.run.house import house_and_settings
from config.screen import screen
from config.settings import Settings
from host.model.responses import RESPONSE_CODES, Reason
from host.store.cases import StoredCase
from host.store.connecting import SHORT, DeadlineConnection, Deadlines, connect

WHEN: Final = "%Y-%m-%d %H:%M:%S"
LABEL_CELLS: Final = 11
WIDTH: Final = 80
"""Of a screen, at most: what is longer goes on below."""

STATUSES: Final = {
    "inactive": "is inactive",
    "active": "is active",
    "frozen": "is frozen",
    "lost": "is lost",
    "stolen": "is stolen",
    "replaced": "is replaced",
    "voided": "is voided",
    "expired": "is expired",
}
"""Of cards, as sentences."""

Labelled = Iterator[tuple[str, str]]
"""A label and what stands beside it; no label: it belongs to the one above."""


@contextmanager
def opened_books(
    data: Path, settings: Path | None, deadlines: Deadlines = SHORT
) -> Iterator[tuple[DeadlineConnection, Places, Settings]]:
    """The database as the login that reads everything and writes nothing.

    Raises:
        OperatorError: there is no such database, or the settings make no sense.
    """
    places, told = house_and_settings(data, settings)
    with (
        opened_database(told.database, places, must_exist=True, say=say_nothing),
        connect(
            dsn_of("audit", told.database, places.cluster), deadlines, autocommit=True
        ) as connection,
    ):
        yield connection, places, told


def words_of(word: str) -> str:
    """A word of the ledger as people say it."""
    return speech.said(word.replace("_", " "))


def status_of(status: str) -> str:
    """A card's status as people say it."""
    return speech.said(STATUSES.get(status, status))


def outcome_of(reason: str) -> str:
    """What a terminal was told."""
    row = RESPONSE_CODES[Reason(reason)]
    return f"{speech.said(row.english)} ({row.f39})"


def when(moment: dt.datetime) -> str:
    """A moment in the zone of whoever reads it."""
    return moment.astimezone().strftime(WHEN)


def labelled_cases(cases: Sequence[StoredCase]) -> Labelled:
    """Each with what is known of it."""
    for case in cases:
        end = speech.said("not resolved") if case.resolved_at is None else _resolved(case)
        yield "case", f"{case.id} {case.kind.value}, {end}: {case.detail}"


def _resolved(case: StoredCase) -> str:
    return speech.said(f"resolved by {case.resolved_by}")


def print_labelled(labelled: Iterable[tuple[str, str]]) -> None:
    """Labels in a column of their own, each sentence folded beside its own."""
    console = screen()
    room = min(console.width, WIDTH) - LABEL_CELLS - 2 if sys.stdout.isatty() else None
    for label, sentence in labelled:
        said, beside = speech.said(sentence), speech.said(label)
        lines = [said] if room is None else fold(said, room)
        blank = " " * max(LABEL_CELLS - cell_count(beside), 1)
        console.out(f"  {beside}{blank}{lines[0]}", highlight=False)
        for line in lines[1:]:
            console.out(f"  {' ' * LABEL_CELLS}{line}", highlight=False)
