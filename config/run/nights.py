"""Runs the night of this house for the office of a running host, and hands out what is released."""

import datetime as dt
import functools
import zoneinfo
from typing import Final

import psycopg

from clearing.handout import hand_out
from clearing.night import ClearingError
from clearing.run import STEPS, Calendar, StepDone, Summary, clearing_of
from clearing.turns import NightRunsError
from config.errors import OperatorError
from config.places import Places
from config.run.heads import open_key, sign_now
from config.run.safs import owed_by_route
from host.clock import utc_now
from host.office.nights import Cleared, NightBusyError, NightStoppedError
from host.store.connecting import LONG, Connection
from host.store.safety import UnsafeDatabaseError, connect_safely

STOPS: Final = (ClearingError, OperatorError, UnsafeDatabaseError, OSError, psycopg.Error)
"""What ends a night and nothing else of the office: its login and its disk are not the office's."""


class HouseNights:
    """`Nights` by the night's own login, with the files and the key of this data directory."""

    def __init__(self, dsn: str, places: Places, zone: str) -> None:
        self._dsn = dsn
        self._places = places
        self._zone = zone

    def clear(self, date: dt.date, who: str) -> Cleared:
        """See `Nights`."""
        places, done = self._places, list[StepDone]()
        today = utc_now().astimezone(zoneinfo.ZoneInfo(self._zone)).date()
        calendar = Calendar(today=today, zone=self._zone)
        owed = functools.partial(owed_by_route, places.saf)
        try:
            with self._connected() as connection:
                for told in clearing_of(
                    connection, places.files, date, calendar=calendar, owed=owed, who=who
                ):
                    if isinstance(told, Summary):
                        summary = told
                    else:
                        done.append(told)
            sign_now(self._dsn, places, open_key(places))
        except NightRunsError as error:
            raise NightBusyError(error.who, error.since) from error
        except STOPS as error:
            raise NightStoppedError(_after(done), str(error)) from error
        return Cleared(
            steps=len(done),
            again=sum(step.is_repeat for step in done),
            findings=len(summary.findings),
            files=len(summary.files),
        )

    def hand_out(self, released_until: dt.datetime) -> list[dt.date]:
        """See `Nights`."""
        places = self._places
        try:
            with self._connected() as connection:
                return hand_out(connection, places.files, open_key(places), released_until)
        except STOPS as error:
            raise NightStoppedError("", str(error)) from error

    def _connected(self) -> Connection:
        return connect_safely(self._dsn, LONG, autocommit=False)


def _after(done: list[StepDone]) -> str:
    """The step that comes after those; empty where none was taken."""
    names = [step.name for step in STEPS]
    return names[names.index(done[-1].name) + 1] if done and done[-1].name != names[-1] else ""
