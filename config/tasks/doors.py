"""Where the channels of a data directory listen: as its programs tell, or as its settings say."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from config.errors import SettingsError, SurroundingsError
from config.places import Places
from config.run.house import house_and_settings
from config.run.look import looks
from simulators.channels import CHANNELS
from switch.channels import ChannelSettings, address_of

EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - where others listen
HERE: Final = "127.0.0.1"


class Door(NamedTuple):
    """Where terminals of a kind call, or are called."""

    host: str
    port: int
    preamble_bytes: int = 0


DoorOf = Callable[[str], Door]
"""By the name of a row of `simulators.channels.CHANNELS`."""


def doors_of(data: Path, settings: Path | None) -> DoorOf:
    """The doors of a house.

    Raises:
        OperatorError: there is no such directory, or its settings make no sense; what is given
            raises where the house has no such door.
    """
    places, told = house_and_settings(data, settings)
    rows, taken = told.switch.channels, _taken(places)

    def door_of(channel: str) -> Door:
        row = next((row for row in rows if _takes(row, channel)), None)
        if row is None:
            kind, dialect = CHANNELS[channel].kind, CHANNELS[channel].dialect
            raise SettingsError(
                f'{data} has no channel of kind "{kind}" and dialect "{dialect}". Next: add one to '
                "its posswitch.toml and posswitch reload, or name its --host and --port",
                "E-SIMULATOR",
            )
        if row.connect_to is not None:
            return Door(*address_of(row.connect_to), row.preamble_bytes)
        host = HERE if row.host in EVERYWHERE else row.host
        return Door(host, taken.get(row.name, row.port), row.preamble_bytes)

    return door_of


def _takes(row: ChannelSettings, channel: str) -> bool:
    """A gateway that is called is a row of its own; others listen."""
    is_called, wanted = channel.endswith("-called"), CHANNELS[channel]
    is_so = (row.connect_to is not None) == is_called
    return is_so and (row.kind, row.dialect) == (wanted.kind, wanted.dialect)


def _taken(places: Places) -> dict[str, int]:
    """The ports that running programs took, by channel: 0 takes any, and `up --port` another."""
    try:
        found = looks(places)
    except SurroundingsError:
        return {}
    channels = (each for look in found for each in look.channels)
    return {each.name: each.port for each in channels if each.port is not None}
