"""Store-and-forward files of switch processes that are no longer started.

Whoever lowers `switch.processes` leaves files behind that may still owe reversals. Before the
switch starts, the first process's file takes over what is in them, and the first process what the
others have open in the routes file.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from config.errors import Say, SurroundingsError
from switch.memory.route_file import RouteError, RouteFile, done_here
from switch.memory.saf_file import SafFile

_TABLES: Final = (
    "SELECT name FROM orphan.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
)
# What both have is the same row: the file was being taken over when we were stopped.
_TAKE_OVER: Final = 'INSERT OR IGNORE INTO main."{0}" SELECT * FROM orphan."{0}"'

_OWED: Final = "SELECT route, count(*) FROM owed WHERE given_up_at IS NULL GROUP BY route"
HOST_TOLD: Final = "host"
"""What the host is called where people read whom a message is for."""


def adopt_files(first: Path, routes: Path, processes: int, say: Say) -> None:
    """Move what the files beyond so many processes hold into the first.

    Raises:
        SurroundingsError: one of them cannot be read, or the first cannot be written.
    """
    for orphan in _files_beyond(first, processes):
        try:
            if routes.exists():
                _inherit(orphan, first, routes)
            _move(orphan, first)
        except (sqlite3.Error, RouteError) as error:
            raise SurroundingsError(
                f"cannot take over the reversals in {orphan}: {error}. "
                f"Next: mend it, or raise switch.processes so that it is used again",
                "E-SWITCH-SAF",
            ) from error
        say(f"took over what {orphan.name} still owed")


def owed_by_route(first: Path) -> dict[str, int]:
    """How many messages the files of all switch processes still have to send, by whom they are for.

    Files are read beside the switches that write them; where there is none, nothing is owed here.

    Raises:
        SurroundingsError: one of them cannot be read.
    """
    owed: Counter[str] = Counter()
    for path in sorted(first.parent.glob(f"{first.stem}*{first.suffix}")):
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
                owed.update({route or HOST_TOLD: many for route, many in db.execute(_OWED)})
        except sqlite3.Error as error:
            raise SurroundingsError(
                f"cannot read what {path} still owes: {error}. Next: mend it, or move it away",
                "E-SWITCH-SAF",
            ) from error
    return dict(owed)


def _files_beyond(first: Path, processes: int) -> Iterator[Path]:
    named = re.compile(re.escape(first.stem) + r"-(\d+)" + re.escape(first.suffix))
    for path in sorted(first.parent.glob(f"{first.stem}-*{first.suffix}")):
        found = named.fullmatch(path.name)
        if found and int(found[1]) > processes:
            yield path


def _inherit(orphan: Path, first: Path, routes: Path) -> None:
    """What the orphan's process has open is the first one's now.

    Processes are named in the routes file by their store-and-forward files.
    """
    with closing(RouteFile(routes, first.name)) as file:
        done_here(file.inheriting(orphan.name))


def _move(orphan: Path, first: Path) -> None:
    """Copy every row, on disk when it is done, then remove the file. May be done twice."""
    for path in (first, orphan):
        SafFile(path).close()  # both have every table there is today
    with closing(sqlite3.connect(first)) as db:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("ATTACH ? AS orphan", (str(orphan),))
        with db:
            for (table,) in db.execute(_TABLES).fetchall():
                db.execute(_TAKE_OVER.format(table))
    for path in (orphan, *orphan.parent.glob(f"{orphan.name}-*")):
        path.unlink(missing_ok=True)
