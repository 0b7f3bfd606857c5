"""Files that are brought to whom they are for, now; and the key by which their servers know us."""

from collections.abc import Sequence
from typing import Final

import trio

from clearing.deliveries import Brought
from config.as_json import print_json
from config.errors import Say
from config.places import Places
from config.run.database import dsn_of, opened_database
from config.run.delivering import bring_due, errand_of
from config.run.heads import open_key
from config.run.sftp import open_delivery_key, public_line
from config.screen import Column, Sheet, screen
from config.settings import Settings
from host.office.words import word_of

SHEET: Final = (Column("file"), Column("to"), Column("state"), Column("why"))


def deliver_now(settings: Settings, places: Places, *, say: Say) -> list[Brought]:
    """Try all that is due.

    Raises:
        OperatorError: the database, or the key of the audit, cannot be used.
    """
    with opened_database(settings.database, places, must_exist=True, say=say):
        dsn = dsn_of("night", settings.database, places.cluster)
        return trio.run(bring_due, errand_of(dsn, places, open_key(places)))


def print_brought(brought: Sequence[Brought], *, as_json: bool = False) -> None:
    """What came of each."""
    if as_json:
        print_json(
            [
                {"file": one.delivery.name_there, "state": one.state, "why": one.why}
                for one in brought
            ]
        )
        return
    rows = (
        (
            one.delivery.name_there,
            one.delivery.host or one.delivery.directory,
            word_of(one.state).en,
            one.why,
        )
        for one in brought
    )
    screen().print(Sheet(SHEET, rows))


def print_key(settings: Settings, places: Places, *, say: Say, as_json: bool = False) -> None:
    """The public half of the key, made in the data directory of a database that is there.

    Raises:
        OperatorError: there is none, or the key cannot be used.
    """
    with opened_database(settings.database, places, must_exist=True, say=say):
        line = public_line(open_delivery_key(places))
    if as_json:
        print_json({"key": line})
        return
    screen().print(line, markup=False, soft_wrap=True)
