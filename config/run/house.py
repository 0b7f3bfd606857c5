"""What every command begins with: the data directory that it was pointed at, and its settings."""

import os
import time
from pathlib import Path

from config.errors import SettingsError
from config.logging import configure_logging
from config.places import Places, house_at, places_at
from config.settings import Settings, load_settings


def house_and_settings(
    data: Path, file: Path | None, *, may_be_new: bool = False
) -> tuple[Places, Settings]:
    """The places of a data directory and its settings, from `file` where one is named.

    Logging is as the settings say from here on. Only a command that makes data directories may be
    given one that is not there.

    Raises:
        OperatorError: there is no such directory or file, or the settings make no sense.
    """
    places = places_at(data) if may_be_new else house_at(data)
    if file is not None and not file.exists():
        raise SettingsError(
            f"there is no settings file {file}. Next: check --settings", "E-SETTINGS-FILE"
        )
    told = load_settings(file or places.settings)
    configure_logging(told.log.level)
    return places, told


def tell_time_in(zone: str) -> None:
    """Moments are those of the house, whatever the machine's own zone is: a business date is."""
    os.environ["TZ"] = zone
    time.tzset()
